//! From declaration to [`Net`]: names to numbers, conditions to gates, and everything that is
//! wrong with a declaration.

use std::collections::BTreeMap;

use crate::convert::table;
use crate::engine::law::Law;

use super::declare::{
    Automaton, Branch, Declaration, Effect, Expr, Length, Move, Quantifier, Subject, Timer,
    Transition, Trigger,
};
use super::error::{DEPTH_MAX, DeclarationError, STATES_MAX};
use super::net::{
    AutomatonId, BranchNet, CauseId, CauseName, ChoiceNet, Description, Edge, FactId, FactNet,
    Laws, LengthNet, Lists, MoveNet, Net, Node, NodeLinks, Program, Reactions, Reading, Ref,
    Service, StateId, StateNet, States, TimerNet, TimerText, TransitionNet, bit_of,
};

/// Earlier lengths that a new one is compared with.
const LENGTHS_COMPARED: usize = 64;
type Compiled<T> = Result<T, DeclarationError>;

impl Net {
    /// Reads `declaration`.
    ///
    /// # Errors
    ///
    /// The first [`DeclarationError`] found.
    pub fn compile(declaration: &Declaration, reading: Reading) -> Compiled<Self> {
        Compiler::new(declaration, reading)?.run()
    }
}

/// A fact on its way to a node.
#[derive(Clone, Copy)]
enum FactState {
    Waiting,
    Open,
    Done(Ref),
}

struct Compiler<'d> {
    declaration: &'d Declaration,
    /// In name order, so that the order in the text decides nothing.
    automata: Vec<&'d Automaton>,
    reading: Reading,
    names: BTreeMap<&'d str, u32>,
    /// (owner, name) to the fact's number; the whole is owner `u32::MAX`.
    fact_numbers: BTreeMap<(u32, &'d str), usize>,
    facts: Vec<(u32, &'d str, &'d Expr, FactState)>,
    nodes: Vec<Node>,
    known: BTreeMap<Node, u32>,
    causes: Vec<CauseName>,
    cause_numbers: BTreeMap<CauseName, CauseId>,
    choices: Vec<ChoiceNet>,
    watched: Vec<Vec<u32>>,
    timer_texts: Vec<TimerText>,
    lengths: Vec<LengthNet>,
    branches: Vec<BranchNet>,
    moves: Vec<MoveNet>,
}

const WHOLE: u32 = u32::MAX;

impl<'d> Compiler<'d> {
    fn new(declaration: &'d Declaration, reading: Reading) -> Compiled<Self> {
        let mut automata: Vec<&Automaton> = declaration.automata.iter().collect();
        automata.sort_by(|a, b| a.name.cmp(&b.name));
        let mut whole: Vec<_> = declaration.facts.iter().collect();
        whole.sort_by(|a, b| a.0.cmp(&b.0));
        let mut names = BTreeMap::new();
        for (at, automaton) in automata.iter().enumerate() {
            if names.insert(automaton.name.as_str(), table::u32(at)).is_some() {
                return Err(DeclarationError::Duplicate(automaton.name.clone()));
            }
            check_automaton(automaton)?;
        }
        let mut facts = Vec::new();
        let mut fact_numbers = BTreeMap::new();
        let own =
            automata.iter().enumerate().map(|(at, a)| (table::u32(at), a.facts.iter().collect()));
        for (owner, list) in std::iter::once((WHOLE, whole)).chain(own) {
            let list: Vec<&(String, Expr)> = list;
            for (name, expr) in list {
                if fact_numbers.insert((owner, name.as_str()), facts.len()).is_some() {
                    return Err(DeclarationError::Duplicate(name.clone()));
                }
                facts.push((owner, name.as_str(), expr, FactState::Waiting));
            }
        }
        for (at, crew) in declaration.crews.iter().enumerate() {
            if declaration.crews[..at].iter().any(|other| other.name == crew.name) {
                return Err(DeclarationError::Duplicate(crew.name.clone()));
            }
        }
        let unexplained = CauseName { component: String::new(), label: "unexplained".into() };
        Ok(Self {
            declaration,
            automata,
            reading,
            names,
            fact_numbers,
            facts,
            nodes: Vec::new(),
            known: BTreeMap::new(),
            causes: vec![unexplained],
            cause_numbers: BTreeMap::new(),
            choices: Vec::new(),
            watched: Vec::new(),
            timer_texts: Vec::new(),
            lengths: Vec::new(),
            branches: Vec::new(),
            moves: Vec::new(),
        })
    }

    fn run(mut self) -> Compiled<Net> {
        for cause in &self.declaration.forced_causes {
            self.causes.push(CauseName { component: String::new(), label: cause.clone() });
        }
        for fact in 0..self.facts.len() {
            self.fact(fact, 0)?;
        }
        let mut timers = Vec::new();
        let mut transitions = Vec::new();
        let mut programs = Vec::new();
        let mut descriptions = Vec::new();
        let mut on_timer = Vec::new();
        let mut on_condition = Vec::new();
        for (at, automaton) in self.automata.clone().into_iter().enumerate() {
            let at = table::u32(at);
            let first_timer = table::u32(timers.len());
            for timer in &automaton.timers {
                timers.push(self.timer(at, automaton, timer)?);
                on_timer.push(Vec::new());
            }
            let mut conditions = Vec::new();
            let mut impatient = 0;
            for transition in &automaton.transitions {
                let number = table::u32(transitions.len());
                let compiled = self.transition(at, automaton, transition)?;
                if let Trigger::Timer(name) = &transition.on {
                    let local =
                        position(automaton, "timer", name, automaton.timers.iter(), |t| &t.name)?;
                    timers[first_timer as usize + local].wanted |= compiled.from;
                    on_timer[first_timer as usize + local].push(number);
                } else {
                    impatient |= compiled.from;
                    conditions.push(number);
                }
                transitions.push(compiled);
            }
            on_condition.push(conditions);
            let sound = mask(automaton.states.iter().map(|state| state.sound));
            let own_timers = first_timer..table::u32(timers.len());
            programs.push(Program { timers: own_timers, sound, impatient });
            descriptions.push(self.description(at, automaton)?);
        }
        let facts = self.fact_table();
        Ok(self.link(Parts {
            programs,
            descriptions,
            timers,
            transitions,
            on_timer,
            on_condition,
            facts,
        }))
    }

    /// Turns per-node and per-automaton lists into tables.
    fn link(self, parts: Parts) -> Net {
        let mut edges = vec![Vec::new(); self.nodes.len()];
        let mut literals = vec![Vec::new(); parts.programs.len()];
        let mut links = vec![NodeLinks::default(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Literal { automaton, states } => {
                    literals[*automaton as usize].push((table::u32(at), *states));
                    links[at].need = 1;
                    links[at].below = bit_of(*automaton);
                }
                Node::Gate { need, inputs } => {
                    links[at].need = *need;
                    for input in inputs {
                        let edge = Edge { gate: table::u32(at), inverted: input.inverted };
                        edges[input.node as usize].push(edge);
                        links[at].below |= links[input.node as usize].below;
                    }
                }
            }
        }
        let mut observed = vec![Vec::new(); self.nodes.len()];
        for (at, fact) in parts.facts.iter().enumerate() {
            if fact.owner.is_none() {
                observed[fact.value.node as usize].push(FactId(table::u32(at)));
            }
        }
        let mut watchers = self.watched;
        watchers.resize(self.nodes.len(), Vec::new());
        for row in &mut watchers {
            row.sort_unstable();
            row.dedup();
        }
        let edges = in_one_piece(edges, &mut links, |links| &mut links.edges);
        let watchers = in_one_piece(watchers, &mut links, |links| &mut links.watchers);
        let observed = in_one_piece(observed, &mut links, |links| &mut links.observed);
        Net {
            programs: parts.programs,
            descriptions: parts.descriptions,
            nodes: self.nodes,
            literals: Lists::from_rows(literals),
            links,
            edges,
            watchers,
            observed,
            timers: parts.timers,
            timer_texts: self.timer_texts,
            lengths: self.lengths,
            transitions: parts.transitions,
            branches: self.branches,
            moves: self.moves,
            on_timer: Lists::from_rows(parts.on_timer),
            on_condition: Lists::from_rows(parts.on_condition),
            choices: self.choices,
            crews: self.declaration.crews.clone(),
            facts: parts.facts,
            causes: self.causes,
        }
    }

    fn fact_table(&self) -> Vec<FactNet> {
        let mut table = Vec::with_capacity(self.facts.len());
        for (owner, name, _, state) in &self.facts {
            let FactState::Done(value) = state else { continue };
            let owner = (*owner != WHOLE).then_some(*owner);
            table.push(FactNet { owner, name: (*name).to_string(), value: *value });
        }
        table
    }

    fn description(&self, at: u32, automaton: &'d Automaton) -> Compiled<Description> {
        let mut states = Vec::new();
        for state in &automaton.states {
            let other = match &state.effect {
                Effect::Redirect(role) | Effect::Share(role) => {
                    self.bound(at, role)?.first().copied().map(AutomatonId)
                }
                _ => None,
            };
            let service = Service { effect: state.effect.clone(), other, capacity: state.capacity };
            states.push(StateNet { name: state.name.clone(), service });
        }
        let stream = automaton.stream.as_ref().unwrap_or(&automaton.name).clone();
        Ok(Description { name: automaton.name.clone(), stream, states })
    }

    fn timer(&mut self, at: u32, automaton: &'d Automaton, timer: &'d Timer) -> Compiled<TimerNet> {
        let crew = match &timer.crew {
            None => None,
            Some(name) => {
                let crews = self.declaration.crews.iter();
                Some(table::u32(position(automaton, "crew", name, crews, |crew| &crew.name)?))
            }
        };
        let mut rates = Vec::new();
        for (condition, factor) in &timer.rates {
            if !factor.is_finite() || *factor < 0.0 {
                let what = "a rate factor is a number of at least 0";
                return Err(DeclarationError::Number(automaton.name.clone(), what));
            }
            rates.push((self.watch(at, condition)?, *factor));
        }
        let guard = match &timer.guard {
            Expr::Always => None,
            guard => Some(self.watch(at, guard)?),
        };
        let length = self.length(timer);
        // Neighbours are alike; a longer search would take the square of the number of laws.
        let recent = self.lengths.len().saturating_sub(LENGTHS_COMPARED);
        let known = self.lengths[recent..].iter().position(|other| *other == length);
        let length = table::u32(known.map(|at| recent + at).unwrap_or_else(|| {
            self.lengths.push(length);
            self.lengths.len() - 1
        }));
        let paced = !rates.is_empty();
        self.timer_texts.push(TimerText { name: timer.name.clone(), rates });
        Ok(TimerNet { wanted: 0, guard, automaton: at, crew, length, fate: timer.fate, paced })
    }

    fn length(&self, timer: &Timer) -> LengthNet {
        let exponential = self.reading.laws == Laws::Exponential;
        if timer.mechanism.is_some() && self.reading.reactions == Reactions::Mechanism {
            return LengthNet::Mechanism;
        }
        match &timer.length {
            Length::Law(law) if exponential => LengthNet::law(law.0.exponential_of_same_mean()),
            Length::Law(law) => LengthNet::law(law.0.clone()),
            Length::Held(length) => match Law::exponential(length.seconds()) {
                Ok(law) if exponential => LengthNet::law(law),
                _ => LengthNet::Fixed(*length),
            },
            Length::Clock { first, every } => LengthNet::Clock { first: *first, every: *every },
        }
    }

    fn transition(
        &mut self,
        at: u32,
        automaton: &'d Automaton,
        transition: &'d Transition,
    ) -> Compiled<TransitionNet> {
        let from = states_of(automaton, &transition.from)?;
        if from == 0 || transition.branches.is_empty() {
            return Err(DeclarationError::Empty(automaton.name.clone()));
        }
        let (when, label) = match &transition.on {
            Trigger::When(condition) => (Some(self.watch(at, condition)?), None),
            Trigger::Timer(name) => (None, Some(name)),
        };
        let given = match &transition.given {
            Expr::Always => None,
            given => Some(self.expr(at, given, 0)?),
        };
        let cause = match label {
            Some(label) => self.cause(automaton, label),
            None => CauseId::UNEXPLAINED,
        };
        let mut branches = Vec::new();
        for branch in &transition.branches {
            branches.push(self.branch(at, automaton, branch)?);
        }
        let sum: f64 = branches.iter().map(|branch| branch.probability).sum();
        let proper = branches.iter().all(|branch| (0.0..=1.0).contains(&branch.probability));
        if !proper || (sum - 1.0).abs() > 1e-9 {
            let what = "the probabilities of a transition's branches must sum to 1";
            return Err(DeclarationError::Number(automaton.name.clone(), what));
        }
        let first = table::u32(self.branches.len());
        self.branches.extend_from_slice(&branches);
        let choice = (branches.len() > 1).then(|| {
            // Transitions of one purpose share their draws and their ordinal.
            let known = self
                .choices
                .iter()
                .rposition(|choice| choice.automaton == at && choice.purpose == transition.purpose);
            table::u32(known.unwrap_or_else(|| {
                self.choices.push(ChoiceNet { automaton: at, purpose: transition.purpose.clone() });
                self.choices.len() - 1
            }))
        });
        Ok(TransitionNet {
            automaton: at,
            from,
            when,
            given,
            branches: (first, first + table::u32(branches.len())),
            choice,
            opens: transition.opens,
            cause,
        })
    }

    fn branch(
        &mut self,
        at: u32,
        automaton: &'d Automaton,
        branch: &Branch,
    ) -> Compiled<BranchNet> {
        let to = state_of(automaton, &branch.to)?;
        let first = table::u32(self.moves.len());
        for Move { of, from, to } in &branch.also {
            for target in self.targets(at, of)? {
                let other = self.automata[target as usize];
                let (from, to) = (states_of(other, from)?, state_of(other, to)?);
                self.moves.push(MoveNet { automaton: target, from, to });
            }
        }
        let adds = branch.adds.as_ref().map(|label| self.cause(automaton, label));
        let also = (first, table::u32(self.moves.len()));
        Ok(BranchNet { probability: branch.probability, also, adds, to })
    }

    fn cause(&mut self, automaton: &Automaton, label: &str) -> CauseId {
        let name = CauseName { component: automaton.name.clone(), label: label.to_string() };
        let next = CauseId(table::u32(self.causes.len()));
        let id = *self.cause_numbers.entry(name.clone()).or_insert(next);
        if id == next {
            self.causes.push(name);
        }
        id
    }

    /// A condition that makes `at` look again when it changes.
    fn watch(&mut self, at: u32, condition: &'d Expr) -> Compiled<Ref> {
        let value = self.expr(at, condition, 0)?;
        let rows = self.watched.len().max(value.node as usize + 1);
        self.watched.resize(rows, Vec::new());
        self.watched[value.node as usize].push(at);
        Ok(value)
    }

    fn fact(&mut self, fact: usize, depth: u32) -> Compiled<Ref> {
        let (owner, name, expr, state) = self.facts[fact];
        match state {
            FactState::Done(value) => Ok(value),
            FactState::Open => Err(DeclarationError::Circle(name.to_string())),
            FactState::Waiting => {
                self.facts[fact].3 = FactState::Open;
                let value = self.expr(owner, expr, depth + 1)?;
                self.facts[fact].3 = FactState::Done(value);
                Ok(value)
            }
        }
    }

    fn fact_named(&mut self, at: u32, owner: u32, name: &str, depth: u32) -> Compiled<Ref> {
        match self.fact_numbers.get(&(owner, name)) {
            Some(fact) => self.fact(*fact, depth),
            None => {
                let wanted = match self.automata.get(owner as usize) {
                    Some(automaton) => format!("{name}({})", automaton.name),
                    None => name.to_string(),
                };
                Err(DeclarationError::Unknown(self.name(at), "fact", wanted))
            }
        }
    }

    fn name(&self, at: u32) -> String {
        self.automata.get(at as usize).map_or("the whole".into(), |a| a.name.clone())
    }

    fn bound(&self, at: u32, role: &str) -> Compiled<Vec<u32>> {
        let unknown = || DeclarationError::Unknown(self.name(at), "role", role.to_string());
        let automaton = self.automata.get(at as usize).ok_or_else(unknown)?;
        let (_, members) =
            automaton.roles.iter().find(|(name, _)| name == role).ok_or_else(unknown)?;
        members.iter().map(|member| self.component(at, member)).collect()
    }

    fn component(&self, at: u32, name: &str) -> Compiled<u32> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| DeclarationError::Unknown(self.name(at), "component", name.to_string()))
    }

    fn targets(&self, at: u32, subject: &Subject) -> Compiled<Vec<u32>> {
        Ok(match subject {
            Subject::Own => vec![at],
            Subject::System => vec![WHOLE],
            Subject::Named(name) => vec![self.component(at, name)?],
            Subject::Role(role) => self.bound(at, role)?,
        })
    }

    fn expr(&mut self, at: u32, expr: &'d Expr, depth: u32) -> Compiled<Ref> {
        if depth > DEPTH_MAX {
            return Err(DeclarationError::Deep(self.name(at)));
        }
        let depth = depth + 1;
        match expr {
            Expr::Always => Ok(self.gate(0, Vec::new())),
            Expr::Never => Ok(self.gate(1, Vec::new())),
            Expr::Not(inner) => {
                let inner = self.expr(at, inner, depth)?;
                Ok(Ref { inverted: !inner.inverted, ..inner })
            }
            Expr::In(states) => {
                let Some(automaton) = self.automata.get(at as usize) else {
                    let states = states.join(", ");
                    return Err(DeclarationError::Unknown(self.name(at), "state", states));
                };
                let states = states_of(automaton, states)?;
                Ok(self.node(Node::Literal { automaton: at, states }))
            }
            Expr::Fact(subject, name) => {
                let mut inputs = Vec::new();
                for target in self.targets(at, subject)? {
                    inputs.push(self.fact_named(at, target, name, depth)?);
                }
                Ok(self.gate(inputs.len(), inputs))
            }
            Expr::Members(quantifier, role, name) => {
                let mut inputs = Vec::new();
                for target in self.bound(at, role)? {
                    inputs.push(self.fact_named(at, target, name, depth)?);
                }
                let need = match quantifier {
                    Quantifier::All => inputs.len(),
                    Quantifier::Any => 1,
                    Quantifier::AtLeast(need) => *need as usize,
                };
                Ok(self.gate(need, inputs))
            }
            Expr::All(list) => self.list(at, list.len(), list, depth),
            Expr::Any(list) => self.list(at, 1, list, depth),
            Expr::AtLeast(need, list) => self.list(at, *need as usize, list, depth),
        }
    }

    fn list(&mut self, at: u32, need: usize, list: &'d [Expr], depth: u32) -> Compiled<Ref> {
        let mut inputs = Vec::with_capacity(list.len());
        for expr in list {
            inputs.push(self.expr(at, expr, depth)?);
        }
        Ok(self.gate(need, inputs))
    }

    fn gate(&mut self, need: usize, mut inputs: Vec<Ref>) -> Ref {
        if need == 1 && inputs.len() == 1 {
            return inputs[0];
        }
        // Order does not matter to a count; sorted, equal conditions are equal nodes.
        inputs.sort_unstable();
        let need = i32::try_from(need).unwrap_or(i32::MAX);
        self.node(Node::Gate { need, inputs })
    }

    fn node(&mut self, node: Node) -> Ref {
        let next = table::u32(self.nodes.len());
        let at = *self.known.entry(node.clone()).or_insert(next);
        if at == next {
            self.nodes.push(node);
        }
        Ref { node: at, inverted: false }
    }
}

struct Parts {
    programs: Vec<Program>,
    descriptions: Vec<Description>,
    timers: Vec<TimerNet>,
    transitions: Vec<TransitionNet>,
    on_timer: Vec<Vec<u32>>,
    on_condition: Vec<Vec<u32>>,
    facts: Vec<FactNet>,
}

/// Puts the rows of a list per node into one table, and where they are into `links`.
fn in_one_piece<T>(
    rows: Vec<Vec<T>>,
    links: &mut [NodeLinks],
    place: impl Fn(&mut NodeLinks) -> &mut (u32, u32),
) -> Vec<T> {
    let mut table = Vec::new();
    for (row, links) in rows.into_iter().zip(links) {
        let begin = table::u32(table.len());
        table.extend(row);
        *place(links) = (begin, table::u32(table.len()));
    }
    table
}

fn check_automaton(automaton: &Automaton) -> Compiled<()> {
    let duplicate =
        |name: &String| DeclarationError::Duplicate(format!("{}/{name}", automaton.name));
    if automaton.states.is_empty() || automaton.states.len() > STATES_MAX {
        return Err(DeclarationError::StateCount(automaton.name.clone()));
    }
    for (at, state) in automaton.states.iter().enumerate() {
        if automaton.states[..at].iter().any(|other| other.name == state.name) {
            return Err(duplicate(&state.name));
        }
        if !(0.0..=1.0).contains(&state.capacity) {
            let what = "a capacity factor lies between 0 and 1";
            return Err(DeclarationError::Number(automaton.name.clone(), what));
        }
    }
    for (at, timer) in automaton.timers.iter().enumerate() {
        if automaton.timers[..at].iter().any(|other| other.name == timer.name) {
            return Err(duplicate(&timer.name));
        }
    }
    Ok(())
}

fn position<'a, T: 'a>(
    automaton: &Automaton,
    kind: &'static str,
    name: &str,
    mut list: impl Iterator<Item = &'a T>,
    name_of: impl Fn(&T) -> &String,
) -> Compiled<usize> {
    list.position(|item| name_of(item) == name)
        .ok_or_else(|| DeclarationError::Unknown(automaton.name.clone(), kind, name.to_string()))
}

fn state_of(automaton: &Automaton, name: &str) -> Compiled<StateId> {
    let at = position(automaton, "state", name, automaton.states.iter(), |s| &s.name)?;
    Ok(StateId(table::u8(at)))
}

fn states_of(automaton: &Automaton, names: &[String]) -> Compiled<States> {
    names.iter().try_fold(0, |mask, name| Ok(mask | state_of(automaton, name)?.bit()))
}

fn mask(flags: impl Iterator<Item = bool>) -> States {
    flags.enumerate().fold(0, |mask, (at, flag)| mask | (States::from(flag) << at))
}
