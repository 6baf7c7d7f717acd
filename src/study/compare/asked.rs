//! Figures asked of several scenarios together: `scenario:figure` and `difference(a, b, figure)`.
//!
//! A difference is the first scenario's figure minus the second's, replication by replication on the same draws. Holds:
//! only figures whose values per replication a comparison keeps are answered; any other is refused before the first
//! scenario is simulated.

use crate::model::blueprint::Blueprint;
use crate::plan::Draft;
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, FigureUnit, NoSuchFigure};
use crate::scenario::suggest;
use crate::stats::interval::Interval;
use crate::study::compare::Member;
use crate::study::measure::{Measure, NoValue};
use crate::study::scenario::{StudyPlan, by_arithmetic};
use crate::study::window::Estimate;
use crate::study::years::blocks::Means;
use crate::study::years::{self, What};

const YEAR_S: f64 = 31_536_000.0;

/// A figure of one scenario, or of two.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Text, as written.
    pub text: String,
    /// The scenario, or the two whose difference is asked for.
    pub scenarios: Vec<String>,
    /// The figure.
    pub figure: Figure,
}

/// Scenario that is asked for figures: its name, draft, tables and study.
pub type Asked<'a> = (&'a str, &'a Draft, &'a Blueprint, &'a StudyPlan);

/// Answer to an [`Ask`].
#[derive(Clone, Debug)]
pub struct Answer {
    /// Text, as written.
    pub text: String,
    /// Unit of the figure.
    pub unit: FigureUnit,
    /// The value.
    pub estimate: Estimate,
}

/// Place of the values per replication.
enum Kept {
    /// In a window, as a measure of it.
    Window(usize, usize),
    /// Downtime over the horizon: net, meter and form of the figure.
    Downtime(usize, usize, What),
    /// A computed value, without noise.
    Exact(f64),
}

impl Ask {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], with the error and the spelling to use instead.
    pub fn parse(text: &str) -> Result<Self, NoSuchFigure> {
        let example =
            "write `a:latency.page.p95@peak` or `difference(a, b, latency.page.p95@peak)`";
        let wrong = |message: String| NoSuchFigure::new(message).help(example);
        let (scenarios, path): (Vec<&str>, &str) = match text.strip_prefix("difference(") {
            Some(rest) => {
                let inside = rest.strip_suffix(')');
                let inside =
                    inside.ok_or_else(|| wrong(format!("`{text}`: a `(` is not closed")))?;
                match inside.splitn(3, ',').collect::<Vec<_>>().as_slice() {
                    [one, two, path] => (vec![one, two], path),
                    _ => return Err(wrong(format!("`{text}` needs two scenarios and a figure"))),
                }
            }
            None => match text.split_once(':') {
                Some((name, path)) if !name.contains(['.', '@']) => (vec![name], path),
                _ => return Err(wrong(format!("`{text}` does not say of which scenario"))),
            },
        };
        let scenarios: Vec<String> = scenarios.iter().map(|name| name.trim().into()).collect();
        let figure = Figure::parse(path.trim())?;
        if matches!(figure.unit(), FigureUnit::Name) {
            return Err(wrong(format!("`{text}`: a name has no difference")));
        }
        Ok(Self { text: text.into(), scenarios, figure })
    }

    /// Checks that scenarios of these names and studies can answer it.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], if a scenario or the figure does not exist.
    pub fn check(&self, members: &[Asked<'_>]) -> Result<(), NoSuchFigure> {
        for name in &self.scenarios {
            let found = members.iter().find(|(other, ..)| other == name);
            let Some((_, draft, plan, study)) = found else {
                let known: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
                let message = format!("`{}`: no scenario `{name}` is compared", self.text);
                return Err(NoSuchFigure::new(message).help_if(suggest::help(
                    name,
                    &known,
                    "there are",
                )));
            };
            kept(draft, plan, study, &self.figure)?;
        }
        Ok(())
    }

    /// Returns the answer.
    #[must_use]
    pub fn answer(&self, members: &[Member<'_>]) -> Answer {
        let values: Option<Vec<Means>> = self
            .scenarios
            .iter()
            .map(|name| {
                let is = |member: &&Member<'_>| member.results.scenario == *name;
                values(members.iter().find(is)?, &self.figure)
            })
            .collect();
        let level = members.iter().map(|member| member.results.level).fold(1.0, f64::min);
        let estimate = match values.as_deref() {
            Some(values) => subtract(values, &self.figure, level),
            None => Estimate::Missing(NoValue::Empty),
        };
        Answer { text: self.text.clone(), unit: self.figure.unit(), estimate }
    }
}

/// Returns the paired difference of a figure, `own` minus `other`.
///
/// # Errors
///
/// [`NoSuchFigure`], if one of them does not keep the values per replication.
pub fn difference(
    own: &Member<'_>,
    other: &Member<'_>,
    figure: &Figure,
) -> Result<Estimate, NoSuchFigure> {
    if matches!(figure.unit(), FigureUnit::Name) {
        return Err(NoSuchFigure::new(format!("`{figure}`: a name has no difference")));
    }
    let level = own.results.level.min(other.results.level);
    for member in [own, other] {
        kept(member.draft, member.plan, member.study, figure)?;
    }
    let pairs = values(own, figure).zip(values(other, figure));
    Ok(match pairs {
        Some((own, other)) => subtract(&[own, other], figure, level),
        None => Estimate::Missing(NoValue::Empty),
    })
}

/// Returns the estimate of one figure's values per replication, or of the first's minus the second's.
fn subtract(values: &[Means], figure: &Figure, level: f64) -> Estimate {
    if figure.row().by == By::Arithmetic {
        let exact = |value: f64| Estimate::Interval(Interval::point(value, level));
        let all: Vec<f64> = values.iter().flat_map(|one| one.values.iter().copied()).collect();
        return match all[..] {
            [one] => exact(one),
            [one, two] => exact(one - two),
            _ => Estimate::Missing(NoValue::Empty),
        };
    }
    match values {
        [one] => of(&one.values, level),
        [one, two] => {
            let [one, two] = one.beside(two);
            let pairs = one.iter().zip(&two);
            of(&pairs.map(|(one, two)| one - two).collect::<Vec<f64>>(), level)
        }
        _ => Estimate::Missing(NoValue::Empty),
    }
}

fn of(values: &[f64], level: f64) -> Estimate {
    match (values, Interval::of_mean(values, level)) {
        (_, Ok(interval)) => Estimate::Interval(interval),
        ([one], Err(_)) => Estimate::Single(*one),
        _ => Estimate::Missing(NoValue::Empty),
    }
}

fn kept(
    draft: &Draft,
    plan: &Blueprint,
    study: &StudyPlan,
    figure: &Figure,
) -> Result<Kept, NoSuchFigure> {
    let missing = || {
        NoSuchFigure::new(format!("`{figure}`: a comparison keeps no values of it"))
            .help("ask for it in an `[[expect]]` of each scenario")
    };
    match figure.row().by {
        By::Requests => {
            let name = figure.window.as_deref().unwrap_or_default();
            let at = study.windows.iter().position(|window| window.window.name == name);
            let at = at.ok_or_else(missing)?;
            let measure = Measure::resolve(plan, figure)?;
            let window = &study.windows[at];
            let place = window.measures.iter().position(|other| *other == measure);
            // Around a break the figure is the difference from the run without the break; its values are not kept in
            // that form.
            let place = place.filter(|_| !measure.is_paired()).ok_or_else(missing)?;
            Ok(Kept::Window(at, place))
        }
        By::Up => {
            let years = study.years.as_ref().ok_or_else(missing)?;
            let measure = years::resolve(&years.of, figure)?;
            match measure.what {
                What::Availability | What::Unavailability | What::Downtime(None) => {
                    Ok(Kept::Downtime(measure.net, measure.meter, measure.what))
                }
                _ => Err(missing()),
            }
        }
        By::Arithmetic => by_arithmetic(draft, figure).map(Kept::Exact),
        _ => Err(missing()),
    }
}

/// Returns the values per replication, of years per block of them; `None` if one is missing.
fn values(member: &Member<'_>, figure: &Figure) -> Option<Means> {
    match kept(member.draft, member.plan, member.study, figure).ok()? {
        Kept::Window(at, place) => {
            let samples = member.result.windows[at].samples.iter();
            let values = samples.map(|values| values[place].ok()).collect::<Option<_>>()?;
            Some(Means { values, block: 1 })
        }
        Kept::Exact(value) => Some(Means { values: vec![value], block: 1 }),
        Kept::Downtime(net, meter, what) => {
            let (plan, seen) = (member.study.years.as_ref()?, member.result.years.as_ref()?);
            let horizon = seen.scale(plan).seconds();
            let down = &seen.folded[net][meter].downtime;
            let one = |down: &f64| match what {
                What::Availability => 1.0 - down / horizon,
                What::Unavailability => down / horizon,
                _ => down / horizon * YEAR_S,
            };
            Some(Means { values: down.iter().map(one).collect(), block: seen.block })
        }
    }
}
