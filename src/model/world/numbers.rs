//! Times at each number inside, in queue and in service: of single queues, and of several queues taken together.

use super::World;
use crate::model::Component;
use crate::model::gauge::{ByNumber, Change, Joint, Queue};
use crate::model::ids::ComponentId;

impl World<'_> {
    /// Keeps the joint numbers of these stations and services. No event may have happened yet.
    pub fn follow_together(&mut self, members: &[ComponentId]) {
        for id in members {
            self.queue_mut(*id).into_iter().for_each(Queue::tell);
        }
        self.joints.push(Joint::new(members.to_vec()));
    }

    /// Sorts the changes kept for joint numbers. The moment of the call affects memory only.
    pub fn settle_joints(&mut self) {
        if self.joints.is_empty() {
            return;
        }
        let mut joints = std::mem::take(&mut self.joints);
        for joint in &mut joints {
            joint.take(|id| self.queue(id).map_or(&[] as &[Change], Queue::told));
        }
        for id in joints.iter().flat_map(Joint::members) {
            self.queue_mut(*id).into_iter().for_each(Queue::forget_told);
        }
        self.joints = joints;
    }

    /// Begins to record, from now, when each number is first reached, where that is kept.
    pub fn count_firsts(&mut self) {
        self.settle_joints();
        let now = self.around.now;
        for component in &mut self.around.components {
            component.begin_to_count(now);
        }
        self.joints.iter_mut().for_each(|joint| joint.begin_to_count(now));
    }

    /// Begins to record, from now, when each number inside is first reached from above, where that is kept.
    pub fn follow_back(&mut self) {
        self.settle_joints();
        let now = self.around.now;
        for component in &mut self.around.components {
            component.queue_mut().into_iter().for_each(|queue| queue.follow_back(now));
        }
        self.joints.iter_mut().for_each(|joint| joint.follow_back(now));
    }

    /// Times at each number until now, where they are kept, with the components they belong to. Joint times reach
    /// until they were last [settled](Self::settle_joints).
    #[must_use]
    pub fn numbers(&self) -> Vec<(Vec<ComponentId>, ByNumber)> {
        let of = |(index, component): (usize, &Component)| {
            let own = component.by_number(self.around.now);
            own.map(|own| (vec![ComponentId::at(index)], own))
        };
        let each = self.around.components.iter().enumerate().filter_map(of);
        let joint = |joint: &Joint| (joint.members().to_vec(), joint.by_number(self.around.now));
        each.chain(self.joints.iter().map(joint)).collect()
    }

    fn queue(&self, id: ComponentId) -> Option<&Queue> {
        self.around.component(id).queue()
    }

    fn queue_mut(&mut self, id: ComponentId) -> Option<&mut Queue> {
        self.around.components[id.index()].queue_mut()
    }
}
