use super::*;

#[test]
fn a_path_is_taken_apart() {
    let figure = Figure::parse("latency.page.p95@peak").unwrap();
    assert_eq!(figure.metric, Metric::Latency);
    assert_eq!(figure.scope, "page");
    assert_eq!(figure.stat, Some(Stat::Quantile(0.95)));
    assert_eq!(figure.window.as_deref(), Some("peak"));
    let figure = Figure::parse("utilization.zone.www.cpu@peak").unwrap();
    assert_eq!((figure.scope.as_str(), figure.resource.as_deref()), ("www", Some("cpu")));
    let figure = Figure::parse("waiting.web.chance[over=20ms]@steady").unwrap();
    assert_eq!(figure.key("over"), Some("20ms"));
    assert_eq!(figure.unit(), FigureUnit::Ratio);
}

#[test]
fn a_misspelt_metric_is_answered_with_the_nearest() {
    let error = Figure::parse("utilisation.web@peak").unwrap_err().to_string();
    assert!(error.contains("did you mean `utilization`"), "{error}");
    assert!(Figure::parse("latency").is_err());
    assert!(Figure::parse("latency.page[over=1ms").is_err());
}

/// An unsupported statistic is refused, never replaced by another one.
#[test]
fn a_figure_with_an_unsupported_statistic_is_refused_with_those_there_are() {
    for (path, said) in [
        ("hit.app.max@peak", "in a window there is no `max` of `hit`"),
        ("hit.app.max@peak", "there is mean: write `hit.app@peak`"),
        ("busy.app.first@peak", "`first` is that of `saturates`, or of a number inside"),
        ("sojourn.app.first@peak", "chance: write `sojourn.app@peak`"),
        ("throughput.app.dispersion@peak", "it is that of the counts of `arrivals`"),
        ("drain.app.p95@shift/repair:app-1", "one disturbance has one time to drain"),
        ("arrivals.page.max@peak", "needs `[per=...]`"),
        ("queue.app.chance[at-least=10]@peak", "there is no `chance` of `queue`"),
        ("latency.page.year-p95@peak", "years are followed for downtime alone"),
        ("structural.page.p95@horizon", "there is mean"),
        ("recovery.mysql.sd@horizon", "there is mean, p50, p90, p95, p99 or p999"),
        ("headroom.www.cpu.p95@peak", "a closed form has no statistic"),
        ("capacity.page.p99", "write `capacity.page[objective=p99]`"),
    ] {
        let error = Figure::parse(path).unwrap_err().to_string();
        assert!(error.contains(said), "{path}: {error}");
    }
}

#[test]
fn a_selection_without_effect_is_refused_with_those_there_are() {
    for (path, said) in [
        ("utilization.app[hour=3]@peak", "`[hour=...]` has no effect on `utilization` in a window"),
        ("waiting.app[over=20ms]@peak", "write `waiting.app.chance[over=20ms]@peak`"),
        ("lost.page[cuase=head]@peak", "did you mean `cause`?"),
        ("attempts.page[outcome=lost]@peak", "must be ok,"),
        ("attempts.page.chance@peak", "needs `[outcome=...]`"),
        ("waiting.app.chance@peak", "write `waiting.app.chance[over=20ms]@peak`"),
        ("waiting.app.chance[over=long]@peak", "must be a duration"),
        ("in-system.app.chance[at-least=-1]@peak", "must be a whole number"),
        ("queue.app.first@peak", "write `queue.app.first[at-least=10]@peak`"),
        ("utilization.app.max[per=0s]@peak", "must be a duration above 0"),
        ("arrivals.page.p95@peak", "write `arrivals.page.p95[per=5min]@peak`"),
        ("utilization.app[per=5min]@peak", "`[per=...]` has no effect on `utilization`"),
        ("utilization.www-1.cpu[hour=168]@horizon", "must be an hour of the week"),
        ("lost.page[cause=a][cause=b]@horizon", "stands twice"),
        ("lost.page[cause=a][outcome=fault]@horizon", "`cause` and `outcome` do not go together"),
        ("lost.page[solver=exact]@horizon", "must be both"),
    ] {
        let error = Figure::parse(path).unwrap_err().to_string();
        assert!(error.contains(said), "{path}: {error}");
    }
}

#[test]
fn a_figure_in_the_wrong_place_is_refused_with_the_right_one() {
    for (path, said) in [
        ("downtime.page@peak", "over the horizon: `downtime.page@horizon`"),
        ("waiting.app@horizon", "in a window: `waiting.app@WINDOW`"),
        ("downtime.page@year", "per year already"),
        ("request.page.p95@month", "there is chance: write `request.page.chance@month`"),
        ("missed.page@peak", "a window in which a part breaks"),
        ("capacity.page[objective=p95]@some", "its rates are its own"),
    ] {
        let error = Figure::parse(path).unwrap_err().to_string();
        assert!(error.contains(said), "{path}: {error}");
    }
}

/// A component may have the name of a kind or of a statistic.
#[test]
fn a_name_that_is_a_word_of_the_grammar_stays_a_name() {
    let figure = Figure::parse("downtime.service.year-p95@horizon").unwrap();
    assert_eq!((figure.scope.as_str(), figure.stat), ("service", Some(Stat::Year(0.95))));
    let figure = Figure::parse("queue.max@peak").unwrap();
    assert_eq!((figure.scope.as_str(), figure.stat), ("max", None));
    let figure = Figure::parse("saturates.first@peak").unwrap();
    assert_eq!((figure.scope.as_str(), figure.stat), ("", Some(Stat::First)));
    assert_eq!(figure.unit(), FigureUnit::Name);
    let figure = Figure::parse("queue.app.first[at-least=3]@peak").unwrap();
    assert_eq!(figure.unit(), FigureUnit::Seconds);
}
