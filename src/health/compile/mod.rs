//! Compiles a declaration into a [`Net`]: names to numbers, conditions to gates.
//!
//! Model: [`check`] finds errors, once per shape where that is enough. Nodes are then made for conditions
//! that can change and that something reads. A still automaton ([`still`]) keeps only its row and its states,
//! and a constant condition is no input of a gate. Gates keep the order and the identity that they have with
//! all of their inputs, so a cascade takes the same course with and without them.

mod check;
mod index;
mod still;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::convert::table;
use crate::engine::law::Law;

use super::declare::{
    Automaton, Branch, Declaration, Effect, Expr, Length, Move, Quantifier, Timer, Transition,
    Trigger,
};
use super::error::DeclarationError;
use super::net::{
    AutomatonId, BranchNet, CauseId, CauseName, ChoiceNet, Description, Edge, FactId, FactNet,
    Laws, LengthNet, Lists, MoveNet, Net, Node, NodeLinks, Program, Reactions, Reading, Ref,
    Service, StateNet, States, TimerNet, TimerText, TransitionNet, bit_of,
};
use index::{Fact, Index, clock_of, position, state_of, states_of};
use still::{Stills, asked};

/// Number of earlier lengths with which a new one is compared.
const LENGTHS_COMPARED: usize = 64;
type Compiled<T> = Result<T, DeclarationError>;

impl Net {
    /// Compiles `declaration`.
    ///
    /// # Errors
    ///
    /// The first [`DeclarationError`] found.
    pub fn compile(declaration: &Declaration, reading: Reading) -> Compiled<Self> {
        let index = Index::new(declaration)?;
        check::check(&index)?;
        let stills = Stills::new(&index);
        Compiler::new(&index, &stills, reading).run()
    }

    /// Checks `declaration` without compiling it.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::compile`].
    pub fn check(declaration: &Declaration) -> Compiled<()> {
        check::check(&Index::new(declaration)?)
    }
}

/// Owner number of system-level facts.
const WHOLE: u32 = u32::MAX;
/// Nodes from this number on are constants, during compilation only. One bit is the value, the others are the
/// owner, so that gates stay apart that differ in nothing else.
const CONSTANTS: u32 = 1 << 31;

/// Returns the constant `value` of an automaton, or of no automaton ([`WHOLE`]).
fn constant(of: u32, value: bool) -> Ref {
    let of = of.min((CONSTANTS >> 1) - 1);
    Ref { node: CONSTANTS | of << 1 | u32::from(value), inverted: false }
}

/// Returns the value of a reference if it is a constant.
fn value_of(value: Ref) -> Option<bool> {
    (value.node >= CONSTANTS).then_some((value.node & 1 != 0) != value.inverted)
}

/// Parts of a net shared by the automata of one shape.
#[derive(Clone, Default)]
struct Shared {
    states: Option<Arc<[StateNet]>>,
    /// Row of its length, by timer.
    lengths: Vec<Option<u32>>,
    /// Rows of its branches, by transition, if they move no other automaton and add no cause.
    branches: Vec<Option<(u32, u32)>>,
}

struct Compiler<'i, 'd> {
    index: &'i Index<'d>,
    stills: &'i Stills,
    reading: Reading,
    /// Value of each compiled fact, by number.
    values: Vec<Option<Ref>>,
    shared: Vec<Shared>,
    nodes: Vec<Node>,
    known: BTreeMap<Node, u32>,
    causes: Vec<CauseName>,
    choices: Vec<ChoiceNet>,
    /// Conditions, each with an automaton that evaluates again when it changes.
    watched: Vec<(u32, u32)>,
    timer_texts: Vec<TimerText>,
    lengths: Vec<LengthNet>,
    branches: Vec<BranchNet>,
    moves: Vec<MoveNet>,
}

/// The automaton being compiled: its name, and where its rows begin in the shared tables.
struct Reader<'d> {
    at: u32,
    automaton: &'d Automaton,
    name: Arc<str>,
    shape: usize,
    first_cause: usize,
    first_choice: usize,
}

impl<'i, 'd> Compiler<'i, 'd> {
    fn new(index: &'i Index<'d>, stills: &'i Stills, reading: Reading) -> Self {
        let shared = index.shapes.iter().map(|of| Shared {
            states: None,
            lengths: vec![None; of.shape.timers.len()],
            branches: vec![None; of.shape.transitions.len()],
        });
        let unexplained = CauseName { component: "".into(), label: "unexplained".into() };
        Self {
            index,
            stills,
            reading,
            values: vec![None; index.fact_count()],
            shared: shared.collect(),
            nodes: Vec::new(),
            known: BTreeMap::new(),
            causes: vec![unexplained],
            choices: Vec::new(),
            watched: Vec::new(),
            timer_texts: Vec::new(),
            lengths: Vec::new(),
            branches: Vec::new(),
            moves: Vec::new(),
        }
    }

    fn run(mut self) -> Compiled<Net> {
        let index = self.index;
        for cause in &index.declaration.forced_causes {
            self.causes.push(CauseName { component: "".into(), label: cause.as_str().into() });
        }
        let asked = asked(index, self.stills);
        let mut facts = Vec::new();
        for fact in index.all_facts().filter(|fact| asked[index.number(*fact)]) {
            let value = self.fact(fact)?;
            facts.push((fact, value));
        }
        drop(asked);
        let mut timers = Vec::new();
        let mut transitions = Vec::new();
        let mut programs = Vec::with_capacity(index.automata.len());
        let mut descriptions = Vec::with_capacity(index.automata.len());
        let (mut on_timer, mut on_condition) = (Vec::new(), Vec::new());
        for (at, automaton) in index.automata.iter().enumerate() {
            let at = table::u32(at);
            let of = Reader {
                at,
                automaton,
                name: automaton.name.as_str().into(),
                shape: index.shape_number(at),
                first_cause: self.causes.len(),
                first_choice: self.choices.len(),
            };
            let first_timer = timers.len();
            let mut impatient = 0;
            if !self.stills.is_still(at) {
                for number in 0..automaton.timers.len() {
                    timers.push(self.timer(&of, number)?);
                }
                for (place, transition) in automaton.transitions.iter().enumerate() {
                    let number = table::u32(transitions.len());
                    let compiled = self.transition(&of, place)?;
                    if let Trigger::Timer(name) = &transition.on {
                        let own = automaton.timers.iter();
                        let timer = first_timer
                            + position(automaton, "timer", name, own, |timer| &timer.name)?;
                        timers[timer].wanted |= compiled.from;
                        on_timer.push((table::u32(timer), number));
                    } else {
                        impatient |= compiled.from;
                        on_condition.push((at, number));
                    }
                    transitions.push(compiled);
                }
            }
            let sound = mask(automaton.states.iter().map(|state| state.sound));
            let own_timers = table::u32(first_timer)..table::u32(timers.len());
            programs.push(Program { timers: own_timers, sound, impatient });
            descriptions.push(self.description(&of)?);
        }
        on_timer.sort_by_key(|(timer, _)| *timer);
        let facts = self.fact_table(facts);
        Ok(self.link(Parts {
            on_timer: Lists::from_pairs(timers.len(), on_timer),
            on_condition: Lists::from_pairs(programs.len(), on_condition),
            programs,
            descriptions,
            timers,
            transitions,
            facts,
        }))
    }

    /// Turns the collected nodes and automata into tables.
    fn link(mut self, parts: Parts) -> Net {
        drop((self.known, self.values, self.shared));
        let mut links = vec![NodeLinks::default(); self.nodes.len()];
        let mut literals = Vec::new();
        let mut edges = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Literal { automaton, states } => {
                    literals.push((*automaton, (table::u32(at), *states)));
                    links[at].need = 1;
                    links[at].below = bit_of(*automaton);
                }
                Node::Gate { need, inputs } => {
                    links[at].need = *need;
                    for input in inputs.iter() {
                        let edge = Edge { gate: table::u32(at), inverted: input.inverted };
                        edges.push((input.node, edge));
                        links[at].below |= links[input.node as usize].below;
                    }
                }
            }
        }
        literals.sort_by_key(|(automaton, _)| *automaton);
        edges.sort_by_key(|(node, _)| *node);
        let own = parts.facts.iter().enumerate().filter(|(_, fact)| fact.owner.is_none());
        let mut observed: Vec<(u32, FactId)> =
            own.map(|(at, fact)| (fact.value.node, FactId(table::u32(at)))).collect();
        observed.sort_by_key(|(node, _)| *node);
        self.watched.sort_unstable();
        self.watched.dedup();
        let edges = in_one_piece(edges, &mut links, |links| &mut links.edges);
        let watchers = in_one_piece(self.watched, &mut links, |links| &mut links.watchers);
        let observed = in_one_piece(observed, &mut links, |links| &mut links.observed);
        Net {
            literals: Lists::from_pairs(parts.programs.len(), literals),
            programs: parts.programs,
            descriptions: parts.descriptions,
            nodes: self.nodes,
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
            on_timer: parts.on_timer,
            on_condition: parts.on_condition,
            choices: self.choices,
            crews: self.index.declaration.crews.clone(),
            facts: parts.facts,
            causes: self.causes,
        }
    }

    fn fact_table(&mut self, facts: Vec<(Fact, Ref)>) -> Vec<FactNet> {
        let entry = |(fact, value): (Fact, Ref)| {
            let owner = (fact.owner != WHOLE).then_some(fact.owner);
            let name = match owner {
                Some(owner) => self.index.shape(owner).names[fact.place as usize].clone(),
                None => self.index.fact(fact).0.as_str().into(),
            };
            FactNet { owner, name, value: self.real(value) }
        };
        facts.into_iter().map(entry).collect()
    }

    fn description(&mut self, of: &Reader<'d>) -> Compiled<Description> {
        let states = match &self.shared[of.shape].states {
            Some(states) => states.clone(),
            None => self.states(of)?,
        };
        let stream = of.automaton.stream.as_deref().map_or_else(|| of.name.clone(), Arc::from);
        Ok(Description { name: of.name.clone(), stream, states })
    }

    fn states(&mut self, of: &Reader<'d>) -> Compiled<Arc<[StateNet]>> {
        let mut all = Vec::with_capacity(of.automaton.states.len());
        for state in &of.automaton.states {
            let other = match &state.effect {
                Effect::Redirect(role) | Effect::Share(role) => {
                    self.index.bound(of.at, role)?.first().copied().map(AutomatonId)
                }
                _ => None,
            };
            let service = Service { effect: state.effect.clone(), other, capacity: state.capacity };
            all.push(StateNet { name: state.name.clone(), service });
        }
        let alike = all.iter().all(|state| state.service.other.is_none());
        let all: Arc<[StateNet]> = all.into();
        if alike {
            self.shared[of.shape].states = Some(all.clone());
        }
        Ok(all)
    }

    fn timer(&mut self, of: &Reader<'d>, number: usize) -> Compiled<TimerNet> {
        let (index, automaton) = (self.index, of.automaton);
        let timer = &automaton.timers[number];
        let crew = match &timer.crew {
            None => None,
            Some(name) => {
                let crews = index.declaration.crews.iter();
                Some(table::u32(position(automaton, "crew", name, crews, |crew| &crew.name)?))
            }
        };
        let mut rates = Vec::new();
        for (condition, factor) in &timer.rates {
            rates.push((self.watch(of.at, condition)?, *factor));
        }
        let guard = match &timer.guard {
            Expr::Always => None,
            guard => Some(self.watch(of.at, guard)?),
        };
        let length = match self.shared[of.shape].lengths[number] {
            Some(length) => length,
            None => self.place_of_length(timer),
        };
        self.shared[of.shape].lengths[number] = Some(length);
        let paced = !rates.is_empty();
        let name = index.shapes[of.shape].timers[number].clone();
        self.timer_texts.push(TimerText { name, rates });
        Ok(TimerNet { wanted: 0, guard, automaton: of.at, crew, length, fate: timer.fate, paced })
    }

    fn place_of_length(&mut self, timer: &Timer) -> u32 {
        let length = self.length(timer);
        // Equal lengths are close to each other. A search of the whole table would take time quadratic in the
        // number of laws.
        let recent = self.lengths.len().saturating_sub(LENGTHS_COMPARED);
        let known = self.lengths[recent..].iter().position(|other| *other == length);
        table::u32(known.map(|at| recent + at).unwrap_or_else(|| {
            self.lengths.push(length);
            self.lengths.len() - 1
        }))
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
            Length::Listed(instants) => LengthNet::Listed(instants.clone()),
            Length::Discovery(law) => {
                let law =
                    if exponential { law.0.exponential_of_same_mean() } else { law.0.clone() };
                let sampler = law.sampler();
                LengthNet::Discovery(law, sampler)
            }
            Length::Restore(restore) if exponential => {
                LengthNet::Restore(Arc::new(restore.exponential()))
            }
            Length::Restore(restore) => LengthNet::Restore(restore.clone()),
        }
    }

    fn transition(&mut self, of: &Reader<'d>, place: usize) -> Compiled<TransitionNet> {
        let transition: &'d Transition = &of.automaton.transitions[place];
        let from = states_of(of.automaton, &transition.from)?;
        let when = match &transition.on {
            Trigger::When(condition) => Some(self.watch(of.at, condition)?),
            Trigger::Timer(_) => None,
        };
        let given = match &transition.given {
            Expr::Always => None,
            given => {
                let value = self.expr(of.at, given)?;
                Some(self.real(value))
            }
        };
        let cause = match &transition.on {
            Trigger::Timer(name) => self.cause(of, name),
            Trigger::When(_) => CauseId::UNEXPLAINED,
        };
        let branches = match self.shared[of.shape].branches[place] {
            Some(branches) => branches,
            None => self.branches(of, place, &transition.branches)?,
        };
        let several = branches.1 - branches.0 > 1;
        let choice = several.then(|| {
            // Transitions of one purpose share their draws and their ordinal.
            let own = &self.choices[of.first_choice..];
            let known = own.iter().rposition(|choice| choice.purpose == transition.purpose);
            table::u32(known.map(|at| of.first_choice + at).unwrap_or_else(|| {
                let purpose = transition.purpose.clone();
                let clock = clock_of(of.automaton, &transition.on);
                self.choices.push(ChoiceNet { automaton: of.at, purpose, clock });
                self.choices.len() - 1
            }))
        });
        Ok(TransitionNet {
            automaton: of.at,
            from,
            when,
            given,
            branches,
            choice,
            opens: transition.opens,
            cause,
        })
    }

    fn branches(
        &mut self,
        of: &Reader<'d>,
        place: usize,
        branches: &'d [Branch],
    ) -> Compiled<(u32, u32)> {
        let mut all = Vec::with_capacity(branches.len());
        for branch in branches {
            all.push(self.branch(of, branch)?);
        }
        let first = table::u32(self.branches.len());
        self.branches.append(&mut all);
        let rows = (first, table::u32(self.branches.len()));
        if branches.iter().all(|branch| branch.also.is_empty() && branch.adds.is_none()) {
            self.shared[of.shape].branches[place] = Some(rows);
        }
        Ok(rows)
    }

    fn branch(&mut self, of: &Reader<'d>, branch: &Branch) -> Compiled<BranchNet> {
        let index = self.index;
        let to = state_of(of.automaton, &branch.to)?;
        let first = table::u32(self.moves.len());
        for Move { of: whom, from, to } in &branch.also {
            index.targets(of.at, whom, |target| {
                let other = index.automata[target as usize];
                let (from, to) = (states_of(other, from)?, state_of(other, to)?);
                self.moves.push(MoveNet { automaton: target, from, to });
                Ok(())
            })?;
        }
        let adds = branch.adds.as_ref().map(|label| self.cause(of, label));
        let also = (first, table::u32(self.moves.len()));
        Ok(BranchNet { probability: branch.probability, also, adds, to })
    }

    fn cause(&mut self, of: &Reader<'d>, label: &str) -> CauseId {
        let own = &self.causes[of.first_cause..];
        let known = own.iter().position(|cause| &*cause.label == label);
        let at = known.map(|at| of.first_cause + at).unwrap_or_else(|| {
            let timers = &self.index.shapes[of.shape].timers;
            let shared = timers.iter().find(|timer| &***timer == label);
            let label = shared.cloned().unwrap_or_else(|| label.into());
            self.causes.push(CauseName { component: of.name.clone(), label });
            self.causes.len() - 1
        });
        CauseId(table::u32(at))
    }

    /// Compiles a condition that makes `at` evaluate again when it changes.
    fn watch(&mut self, at: u32, condition: &'d Expr) -> Compiled<Ref> {
        let value = self.expr(at, condition)?;
        if value_of(value).is_none() {
            self.watched.push((value.node, at));
        }
        Ok(self.real(value))
    }

    fn fact(&mut self, fact: Fact) -> Compiled<Ref> {
        let number = self.index.number(fact);
        if let Some(value) = self.values[number] {
            return Ok(value);
        }
        let value = match self.stills.constant(number) {
            Some(value) => constant(fact.owner, value),
            None => self.expr(fact.owner, &self.index.fact(fact).1)?,
        };
        self.values[number] = Some(value);
        Ok(value)
    }

    fn expr(&mut self, at: u32, expr: &'d Expr) -> Compiled<Ref> {
        let index = self.index;
        match expr {
            Expr::Always => Ok(constant(WHOLE, true)),
            Expr::Never => Ok(constant(WHOLE, false)),
            Expr::Not(inner) => {
                let inner = self.expr(at, inner)?;
                Ok(Ref { inverted: !inner.inverted, ..inner })
            }
            Expr::In(states) => {
                let states = index.states(at, states)?;
                if self.stills.is_still(at) {
                    return Ok(constant(at, states & 1 != 0));
                }
                Ok(self.node(Node::Literal { automaton: at, states }))
            }
            Expr::Fact(subject, name) => {
                let mut inputs = Vec::with_capacity(1);
                index.targets(at, subject, |target| {
                    inputs.push(self.fact(index.fact_named(at, target, name)?)?);
                    Ok(())
                })?;
                Ok(self.gate(inputs.len(), inputs))
            }
            Expr::Members(quantifier, role, name) => {
                let mut inputs = Vec::new();
                for target in index.bound(at, role)? {
                    inputs.push(self.fact(index.fact_named(at, *target, name)?)?);
                }
                let need = match quantifier {
                    Quantifier::All => inputs.len(),
                    Quantifier::Any => 1,
                    Quantifier::AtLeast(need) => *need as usize,
                };
                Ok(self.gate(need, inputs))
            }
            Expr::All(list) => self.list(at, list.len(), list),
            Expr::Any(list) => self.list(at, 1, list),
            Expr::AtLeast(need, list) => self.list(at, *need as usize, list),
        }
    }

    fn list(&mut self, at: u32, need: usize, list: &'d [Expr]) -> Compiled<Ref> {
        let mut inputs = Vec::with_capacity(list.len());
        for expr in list {
            inputs.push(self.expr(at, expr)?);
        }
        Ok(self.gate(need, inputs))
    }

    fn gate(&mut self, need: usize, mut inputs: Vec<Ref>) -> Ref {
        if need == 1 && inputs.len() == 1 {
            return inputs[0];
        }
        let hold = inputs.iter().filter(|input| value_of(**input) == Some(true)).count();
        let open = inputs.iter().filter(|input| value_of(**input).is_none()).count();
        if need <= hold || hold + open < need {
            // The owner of the constant keeps gates apart that differ in nothing else.
            let of = inputs.iter().find(|input| value_of(**input).is_some());
            let of = of.map_or(WHOLE, |input| (input.node & !CONSTANTS) >> 1);
            return constant(of, need <= hold);
        }
        // A count does not depend on the order of its inputs. Sorted, equal conditions are equal nodes.
        inputs.sort_unstable();
        let as_32 = |need: usize| i32::try_from(need).unwrap_or(i32::MAX);
        let node = Node::Gate { need: as_32(need), inputs: inputs.as_slice().into() };
        if open == inputs.len() {
            return self.node(node);
        }
        let next = table::u32(self.nodes.len());
        let at = *self.known.entry(node).or_insert(next);
        if at == next {
            inputs.retain(|input| value_of(*input).is_none());
            self.nodes.push(Node::Gate { need: as_32(need - hold), inputs: inputs.into() });
        }
        Ref { node: at, inverted: false }
    }

    fn node(&mut self, node: Node) -> Ref {
        let next = table::u32(self.nodes.len());
        let at = *self.known.entry(node.clone()).or_insert(next);
        if at == next {
            self.nodes.push(node);
        }
        Ref { node: at, inverted: false }
    }

    /// Replaces a constant by a node of that value.
    fn real(&mut self, value: Ref) -> Ref {
        match value_of(value) {
            None => value,
            Some(holds) => {
                let always = self.node(Node::Gate { need: 0, inputs: Arc::new([]) });
                Ref { inverted: !holds, ..always }
            }
        }
    }
}

struct Parts {
    programs: Vec<Program>,
    descriptions: Vec<Description>,
    timers: Vec<TimerNet>,
    transitions: Vec<TransitionNet>,
    on_timer: Lists<u32>,
    on_condition: Lists<u32>,
    facts: Vec<FactNet>,
}

/// Puts the entries of (node, entry) pairs, in the order of nodes, into one table, and the range of each node
/// into `links`.
fn in_one_piece<T>(
    pairs: Vec<(u32, T)>,
    links: &mut [NodeLinks],
    place: impl Fn(&mut NodeLinks) -> &mut (u32, u32),
) -> Vec<T> {
    for (at, (node, _)) in (0..).zip(&pairs) {
        let rows = place(&mut links[*node as usize]);
        if rows.1 == 0 {
            rows.0 = at;
        }
        rows.1 = at + 1;
    }
    pairs.into_iter().map(|(_, entry)| entry).collect()
}

fn mask(flags: impl Iterator<Item = bool>) -> States {
    flags.enumerate().fold(0, |mask, (at, flag)| mask | (States::from(flag) << at))
}
