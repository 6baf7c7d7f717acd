//! Empty implementations of the methods of [`Live`](super::Live).

/// Implements the named methods of [`Live`](super::Live) for a kind that has no part in them: no alarm, no
/// waiting request, no health, no counts.
macro_rules! none {
    ($($what:ident),*) => { $(crate::model::none!(@$what);)* };
    (@alarm) => {
        fn alarm(&mut self, _: &mut Ctx<'_>, _: u32, _: crate::engine::calendar::Ticket) {}
    };
    (@cancel) => {
        fn cancel(&mut self, _: &mut Ctx<'_>, _: crate::model::request::RequestId) {}
    };
    (@health) => {
        fn health(&mut self, _: &mut Ctx<'_>, _: crate::model::Health) {}
    };
    (@listens) => {
        fn listens(_: &Self::Config) -> Vec<crate::model::ids::ComponentId> {
            Vec::new()
        }
    };
    (@hears) => {
        fn hears(&mut self, _: &mut crate::model::Ctx<'_>, _: crate::model::Heard) {}
    };
    (@lent) => {
        fn lent(
            &mut self,
            _: &mut crate::model::Ctx<'_>,
            _: crate::model::ids::ComponentId,
            _: crate::model::Shift,
        ) {
        }
    };
    (@ask) => {
        fn ask(
            &mut self,
            _: &mut crate::model::Ctx<'_>,
            _: crate::model::request::RequestId,
            _: u32,
        ) -> crate::model::Answer {
            unreachable!("no step asks a component of this kind")
        }
    };
    (@ended) => {
        fn ended(
            &mut self,
            _: &mut crate::model::Ctx<'_>,
            _: crate::model::request::RequestId,
            _: crate::model::request::Outcome,
        ) {
            unreachable!("a component of this kind lets no request begin")
        }
    };
    (@holds) => {
        fn holds(&self) -> Option<(crate::model::ids::ClassId, usize)> {
            None
        }
    };
    (@counts_anew) => {
        fn counts_anew(&mut self, _: crate::units::SimTime, _: crate::units::SimTime) {}
    };
    (@count_ends) => {
        fn count_ends(&mut self, _: crate::units::SimTime) {}
    };
    (@waits) => {
        fn waits(&self) -> Option<&crate::observe::histogram::Histogram> {
            None
        }
    };
    (@sojourns) => {
        fn sojourns(&self) -> Option<&crate::observe::histogram::Histogram> {
            None
        }
    };
    (@by_number) => {
        fn by_number(&self, _: crate::units::SimTime) -> Option<crate::model::gauge::ByNumber> {
            None
        }
    };
    (@quantities) => {
        fn quantities(&self, _: crate::units::SimTime) -> Vec<crate::model::gauge::Quantity> {
            Vec::new()
        }
    };
    (@begin_to_count) => {
        fn begin_to_count(&mut self, _: crate::units::SimTime) {}
    };
    (@gauge) => {
        fn gauge(&self, _: crate::units::SimTime) -> crate::model::gauge::Gauge {
            crate::model::gauge::Gauge::default()
        }
    };
    (@closes) => {
        fn closes(&mut self, _: crate::units::SimTime, _: crate::model::ids::ComponentId, _: crate::model::ids::ComponentId, _: crate::units::SimDuration) -> bool {
            false
        }
    };
    (@loads) => {
        fn loads(&mut self, _: &mut crate::model::Ctx<'_>, _: crate::model::ids::KeyId, _: crate::model::drawn::Drawn, _: bool) {
            unreachable!("nothing but disks has work without a request")
        }
    };
    (@forgets) => {
        fn forgets(&mut self, _: crate::model::ids::ComponentId) -> bool {
            false
        }
    };
    (@queue) => {
        fn queue(&self) -> Option<&crate::model::gauge::Queue> {
            None
        }
    };
    (@queue_mut) => {
        fn queue_mut(&mut self) -> Option<&mut crate::model::gauge::Queue> {
            None
        }
    };
    (@whole) => {
        fn whole(&self) -> Option<crate::model::ids::ComponentId> {
            None
        }
    };
    (@part_reading) => {
        fn part_reading(&self, _: crate::model::ids::ComponentId, _: crate::units::SimTime) -> Option<crate::model::gauge::Gauge> {
            None
        }
    };
    (@is_process) => {
        fn is_process(&self) -> bool {
            false
        }
    };
    (@is_idle) => {
        fn is_idle(&self) -> bool {
            false
        }
    };
    (@keeps_place) => {
        fn keeps_place(&self) -> bool {
            false
        }
    };
    (@bounds) => {
        fn bounds(&self, _: crate::model::ids::ComponentId) -> bool {
            false
        }
    };
    (@leader) => {
        fn leader(&self) -> Option<usize> {
            None
        }
    };
    (@data_swap) => {
        fn data_swap(&self, _: usize) -> Option<(crate::model::ids::ComponentId, crate::model::ids::ComponentId)> {
            None
        }
    };
    (@entrance) => {
        fn entrance(&self) -> Option<crate::model::ids::ComponentId> {
            None
        }
    };
    (@bars) => {
        fn bars(&self, _: &mut Vec<bool>) {
            unreachable!("reads are spread over the members of a database alone")
        }
    };
    (@starts) => {
        fn starts(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId) {}
    };
    (@due) => {
        fn due(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: u32, _: crate::engine::calendar::Ticket) {
            unreachable!("a component of this kind does nothing by itself")
        }
    };
    (@step) => {
        fn step(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId, _: crate::model::route::Op) -> crate::model::Next {
            unreachable!("no operation is a component's of this kind")
        }
    };
    (@wake) => {
        fn wake(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId) {}
    };
    (@returned) => {
        fn returned(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: u32, _: crate::units::SimTime, _: crate::model::request::Outcome) {
            unreachable!("a component of this kind sends no request")
        }
    };
    (@part_health) => {
        fn part_health(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::Heard, _: crate::model::ids::CauseId) {}
    };
    (@room) => {
        fn room(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::ids::ComponentId) {
            unreachable!("a component of this kind keeps no queue for others")
        }
    };
    (@redirects) => {
        fn redirects(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId, _: crate::model::request::Outcome) -> bool {
            false
        }
    };
    (@abandoned) => {
        fn abandoned(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId) -> bool {
            false
        }
    };
    (@answers) => {
        fn answers(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId, _: crate::model::request::Outcome) -> crate::model::request::Outcome {
            unreachable!("a component of this kind stands before no servers")
        }
    };
    (@fate) => {
        fn fate(_: &mut crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId, _: crate::model::Fate) {
            unreachable!("a component of this kind stands before no servers")
        }
    };
    (@in_vain) => {
        fn in_vain(_: &crate::model::world::Around<'_>, _: crate::model::ids::ComponentId, _: crate::model::request::RequestId) -> Option<crate::model::ids::CauseId> {
            None
        }
    };
}
pub(crate) use none;

/// Implements [`Live`](super::Live) for a component that stands for a part of another one, so that faults and figures can name it:
/// the other one, whose number is in this field of its configuration, does all the work.
macro_rules! part_of {
    ($whole:ident) => {
        crate::model::none!(
            lent,
            alarm,
            cancel,
            health,
            gauge,
            listens,
            hears,
            ask,
            ended,
            holds,
            count_ends,
            waits,
            sojourns,
            by_number,
            quantities,
            closes,
            loads,
            forgets,
            queue,
            queue_mut,
            part_reading,
            is_process,
            is_idle,
            bounds,
            leader,
            data_swap,
            entrance,
            bars,
            starts,
            due,
            step,
            wake,
            returned,
            part_health,
            room,
            redirects,
            abandoned,
            answers,
            fate,
            in_vain,
            counts_anew,
            begin_to_count,
            keeps_place
        );

        fn whole(&self) -> Option<crate::model::ids::ComponentId> {
            Some(self.config.$whole)
        }
    };
}
pub(crate) use part_of;
