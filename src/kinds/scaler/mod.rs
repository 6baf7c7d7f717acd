//! Autoscalers: members of a service that are launched and removed with the load.
//!
//! Model: all members that a scaler may have are in the plan, each in a zone of its group on a server of its own choice
//! of servers (a *slot*). A slot is absent until a zone is launched into it: it has no processes, no capacity, gets no
//! request, and is neither down nor idle. Every `period` the scaler reads its metric over the members that serve, sees
//! it `lag` later, and [decides](crate::mechanism::scaling). A launch chooses a server by the rules of
//! [placement](crate::mechanism::placement), then takes the time to provision and the time to boot. The balancers in
//! front of the service then list the member: their probes find it (`rise`). A member that is removed gets no further
//! request; it goes when its open requests have ended, or when `drain` is over and they fail.
//!
//! Decisions:
//!
//! - **The youngest member goes first.** So the members at the start stay.
//! - **A slot whose process is down is not used** until its repair: faults strike slots whether they are used or not.
//!   A scaler repairs nothing. A member that has not worked for `replace` [leaves](mechanism::leaving) its slot.
//! - **A member costs from the end of its provisioning** to the end of its drain, as a cloud bills a running instance.
//! - **A launch that fails or finds no server** is repeated after `retry-after`, if the last measurement still wants its
//!   member. Until then no decision asks for it again, and it holds back no removal.
//! - **A launch on a server that does not work fails**: that the server is silent is known after 11 s only.
//! - **A member whose process is down is a member still** until it is terminated, as Kubernetes counts a pod without a metric
//!   as idle when it scales out.
//! - **A server provisions a bounded number of zones at a time**, if `provisions` is given. More launches wait for their
//!   [turn](mechanism) there.
//! - **A planned [move](moves) stops members here and launches them elsewhere**, in either order.
//!
//! Over years (`flows`) the same [loop](mechanism) acts on a fluid: it measures the work of the views that members serve,
//! or the requests that enter them, and moves members between two [states](presence) of their own. There a removed member
//! is gone at once, since open requests last for seconds, and the metric is not `waiting`: a fluid below saturation waits
//! nowhere.
//!
//! Leaves out: transfer of images, scaling of servers, wrong suspicion of a member.
//! Source: AWS Auto Scaling and Kubernetes documentation, see the two mechanisms.

pub mod account;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod mechanism;
pub mod moves;
pub mod parts;
pub mod plan;
pub mod presence;
pub mod rules;
pub mod spec;
pub mod week;
mod years;
