//! The network between the servers and their users: switches and uplinks.
//!
//! Model: a reply takes all the links of its way at one rate, max-min fair against all the others
//! ([`flow_share`](crate::mechanism::flow_share)); after its last byte it still needs the latency of
//! the way. Uplinks of a site are one link of their summed capacity, of which one reply gets at
//! most what a single uplink carries; any one switch of a rack carries the rack.
//!
//! Users of a site belong to its uplinks evenly: which one is drawn once a page view. When an
//! uplink dies, its users are cut off for the time that routes need to converge (`convergence`):
//! what they ask for does not arrive and is not answered, replies to them that are under way stop
//! and go on after it. Then the others carry them. An uplink that is back takes its users back at
//! once.
//!
//! Three kinds of component: [`Links`], one a world, moves the bytes; a [`Link`] stands for one link
//! of it, so that faults and figures can name it, and an [`Uplink`] for one of several uplinks.
//!
//! In: `send`, `cancel`, `alarm`, `health`, `link_health`. Out: the request goes on.
//! Holds: bytes moved over a link ≤ its capacity × time, in integers; a link that is down moves
//! nothing and forgets nothing: transfers over it stall and go on where they were.
//! Leaves out: requests on their way to the site (some hundred bytes: nothing), traffic between
//! servers, slow start, loss, headers; replies to requests that came from no client, and to
//! clients that have hung up: nobody would receive them, nothing is sent.
//! Source: Bertsekas & Gallager, *Data Networks* (1992) 6.5.2.

mod named;

pub use named::{Link, Uplink};

use crate::convert::{below, table, whole};
use crate::engine::calendar::Ticket;
use crate::mechanism::flow_share::{FlowHandle, FlowShare, PACE};
use crate::mechanism::virtual_clock::keep;
use crate::model::alarm::Alarm;
use crate::model::event::Event;
use crate::model::gauge::{Gauge, Occupancy};
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::request::{Request, RequestId, Waits};
use crate::model::route::Draws;
use crate::model::world::Around;
use crate::model::{Ctx, Health, Heard, Held, Keeps, Live, Start, none};
use crate::units::{Bandwidth, Bytes, SimDuration, SimTime};

/// The network of a world.
#[derive(Clone, Debug)]
pub struct LinksConfig {
    /// The component that stands for each link, and its capacity.
    pub links: Vec<(ComponentId, Bandwidth)>,
    /// Ways that replies take.
    pub paths: Vec<PathConfig>,
    /// Uplinks whose users are cut off for a while when one dies.
    pub groups: Vec<UplinkGroup>,
    /// Its alarm.
    pub unit: UnitId,
}

/// The uplinks of one site, together one link.
#[derive(Clone, Debug)]
pub struct UplinkGroup {
    /// The component that stands for each.
    pub members: Vec<ComponentId>,
    /// How long the users of a dead one are cut off.
    pub convergence: SimDuration,
    /// Key of the draw of a view's uplink.
    pub key: KeyId,
    /// Alarm of the first; those of the others follow.
    pub unit: UnitId,
}

/// Which uplink a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct UplinkConfig {
    /// The network.
    pub network: ComponentId,
    /// Its place in [`LinksConfig::groups`].
    pub group: u32,
    /// Its place there.
    pub number: u32,
}

/// A way that replies take.
#[derive(Clone, Debug)]
pub struct PathConfig {
    /// The links it crosses, by their place in [`LinksConfig::links`].
    pub links: Vec<usize>,
    /// The most one reply gets, if anything but the links limits it.
    pub flow_limit: Option<Bandwidth>,
    /// From the first link to the last, for a byte that finds no other.
    pub latency: SimDuration,
    /// The uplinks it ends in, by their place in [`LinksConfig::groups`].
    pub uplinks: Option<u32>,
}

/// Which link a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// The network.
    pub network: ComponentId,
    /// Its place there.
    pub index: u32,
}

/// All links and the replies that cross them.
#[derive(Clone, Debug)]
pub struct Links {
    id: ComponentId,
    unit: UnitId,
    share: FlowShare,
    alarm: Alarm,
    links: Vec<State>,
    paths: Vec<Path>,
    /// State of the whole network.
    whole: Health,
    /// By request slot; only entries of transfers under way mean anything.
    handles: Vec<Option<FlowHandle>>,
    inside: Occupancy,
    groups: Vec<Group>,
    /// Uplinks whose users are cut off now.
    cut: u32,
    /// Replies to users who are cut off, with the bytes still to come.
    held: Vec<(RequestId, Bytes)>,
}

#[derive(Clone, Debug)]
struct Group {
    config: UplinkGroup,
    /// By uplink: the alarm at which its users are carried by the others.
    cut: Vec<Option<Ticket>>,
}

#[derive(Clone, Debug)]
struct State {
    member: ComponentId,
    full: u64,
    usable: u64,
    health: Health,
    /// Capacity lost up to `since`, bytes a second × ns.
    lost: u128,
    since: SimTime,
}

#[derive(Clone, Copy, Debug)]
struct Path {
    latency: SimDuration,
    uplinks: Option<u32>,
    begun: u64,
    completed: u64,
    cancelled: u64,
}

impl Links {
    /// Idle links.
    #[must_use]
    pub fn new(id: ComponentId, config: &LinksConfig) -> Self {
        let capacities: Vec<Bandwidth> = config.links.iter().map(|(_, all)| *all).collect();
        let mut share = FlowShare::new(&capacities);
        let mut paths = Vec::new();
        for path in &config.paths {
            share.path(&path.links, path.flow_limit);
            let (latency, uplinks) = (path.latency, path.uplinks);
            paths.push(Path { latency, uplinks, begun: 0, completed: 0, cancelled: 0 });
        }
        let group = |group: &UplinkGroup| Group {
            config: group.clone(),
            cut: vec![None; group.members.len()],
        };
        let groups = config.groups.iter().map(group).collect();
        let state = |&(member, capacity): &(ComponentId, Bandwidth)| State {
            member,
            full: capacity.bytes_per_s(),
            usable: capacity.bytes_per_s(),
            health: Health::Up,
            lost: 0,
            since: SimTime::ZERO,
        };
        Self {
            id,
            unit: config.unit,
            share,
            alarm: Alarm::default(),
            links: config.links.iter().map(state).collect(),
            paths,
            whole: Health::Up,
            handles: Vec::new(),
            inside: Occupancy::new(false),
            groups,
            cut: 0,
            held: Vec::new(),
        }
    }

    /// Whether the view of `ordinal` is cut off on `path`: its uplink is dead and routes have not
    /// converged. Gives what stands for that uplink.
    #[must_use]
    pub fn cut_off(&self, draws: &Draws<'_>, ordinal: u64, path: u32) -> Option<ComponentId> {
        if self.cut == 0 {
            return None;
        }
        let group = &self.groups[self.paths[path as usize].uplinks? as usize];
        let number = group.number_of(draws, ordinal);
        group.cut[number].map(|_| group.config.members[number])
    }

    /// `size` bytes in reply to `request`, whose client is cut off, wait for their way.
    pub fn hold(&mut self, ctx: &mut Ctx<'_>, request: RequestId, size: Bytes, path: u32) {
        self.inside.add(ctx.now);
        self.paths[path as usize].begun += 1;
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.local = path;
        entry.waits = Waits::InLine;
        self.held.push((request, size));
    }

    /// One of several uplinks died, or is back.
    pub fn uplink_health(&mut self, ctx: &mut Ctx<'_>, group: u32, number: u32, health: Health) {
        let (place, of) = (group as usize, number as usize);
        if health.works() {
            return self.reconnect(ctx, place, of);
        }
        let group = &mut self.groups[place];
        if group.cut[of].is_some() {
            return;
        }
        let code = Event::Alarm(UnitId(group.config.unit.0 + number)).code();
        group.cut[of] = Some(ctx.calendar.push(ctx.now + group.config.convergence, code));
        self.cut += 1;
        let under_way = |(id, request): (RequestId, &Request)| {
            let here = request.at == self.id && request.waits == Waits::InService;
            (here && self.belongs(ctx.draws, request, place, of)).then_some(id)
        };
        let stopped: Vec<RequestId> = ctx.requests.iter().filter_map(under_way).collect();
        for request in stopped {
            let handle = self.handles[request.index()].take();
            // One whose last byte left at this very instant is on its way already.
            if let Some(left) = handle.and_then(|handle| self.share.cancel(ctx.now, handle)) {
                ctx.requests[request].waits = Waits::InLine;
                self.held.push((request, left));
            }
        }
        self.finish(ctx, RequestId::NONE);
    }

    fn belongs(&self, draws: &Draws<'_>, request: &Request, group: usize, number: usize) -> bool {
        let path = &self.paths[request.local as usize];
        path.uplinks == Some(table::u32(group))
            && self.groups[group].number_of(draws, request.ordinal) == number
    }

    /// The users of an uplink are carried again, by the others or by itself.
    fn reconnect(&mut self, ctx: &mut Ctx<'_>, group: usize, number: usize) {
        if self.groups[group].cut[number].take().is_none() {
            return;
        }
        self.cut -= 1;
        for (request, left) in std::mem::take(&mut self.held) {
            if !self.belongs(ctx.draws, &ctx.requests[request], group, number) {
                self.held.push((request, left));
                continue;
            }
            let entry = &mut ctx.requests[request];
            entry.waits = Waits::InService;
            let path = entry.local;
            self.start(ctx.now, request, left, path);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    fn start(&mut self, now: SimTime, request: RequestId, size: Bytes, path: u32) {
        let handle = self.share.start(now, path as usize, size, request.0);
        keep(&mut self.handles, request.index(), handle);
    }

    /// `size` bytes set out on `path` in reply to `request`.
    pub fn send(&mut self, ctx: &mut Ctx<'_>, request: RequestId, size: Bytes, path: u32) {
        self.inside.add(ctx.now);
        self.paths[path as usize].begun += 1;
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.local = path;
        entry.waits = Waits::InService;
        self.start(ctx.now, request, size, path);
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Lets all requests go on whose transfers are done, except the one that does not want it.
    fn finish(&mut self, ctx: &mut Ctx<'_>, but: RequestId) {
        let finished = self.share.advance(ctx.now).map(RequestId);
        for request in finished.filter(|request| *request != but) {
            self.handles[request.index()] = None;
            let path = &mut self.paths[ctx.requests[request].local as usize];
            path.completed += 1;
            ctx.requests[request].ends = ctx.now + path.latency;
            ctx.departs(&mut self.inside, request);
            ctx.proceed(request);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Another state of one link. With k of n uplinks left it is [`Health::Slow`] by n / k; what
    /// is neither up nor slow moves nothing.
    pub fn link_health(&mut self, ctx: &mut Ctx<'_>, link: u32, health: Health) {
        self.links[link as usize].health = health;
        self.set_capacity(ctx, link as usize);
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    fn set_capacity(&mut self, ctx: &mut Ctx<'_>, link: usize) {
        let state = &mut self.links[link];
        state.lost = state.lost_at(ctx.now);
        state.since = ctx.now;
        let share = share_of(self.whole) * share_of(state.health);
        state.usable = whole::u64(state.full as f64 * share + 0.5);
        self.share.capacity(ctx.now, link, Bandwidth::from_bytes_per_s(state.usable));
    }
}

impl State {
    fn lost_at(&self, now: SimTime) -> u128 {
        let gone = self.full.saturating_sub(self.usable);
        self.lost + u128::from(gone) * u128::from((now - self.since).nanos())
    }
}

impl Group {
    /// Which uplink the users of a view belong to.
    fn number_of(&self, draws: &Draws<'_>, ordinal: u64) -> usize {
        below(draws.uniform_at(self.config.key, ordinal, 0), self.cut.len())
    }
}

/// Share of its capacity that something can use.
fn share_of(health: Health) -> f64 {
    match health {
        Health::Up => 1.0,
        Health::Slow(factor) => 1.0 / factor.max(1.0),
        _ => 0.0,
    }
}

impl Live for Links {
    type Config = LinksConfig;

    fn begin(id: ComponentId, config: &LinksConfig, _: &Start<'_>) -> Self {
        Self::new(id, config)
    }

    none!(
        listens, hears, ask, ended, holds, count_ends, waits, stays, by_number, closes, loads,
        forgets, queue, queue_mut, whole, is_process, is_idle, bounds, leader, data_swap, entrance,
        bars, starts, due, step, wake, returned, room, redirects, abandoned, answers, fate,
        in_vain
    );
    none!(counts_anew, begin_to_count);

    /// The next transfers are done, or routes have converged.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        if local > 0 {
            let cuts = self.groups.iter().enumerate();
            let mut cuts = cuts.flat_map(|(g, group)| (0..group.cut.len()).map(move |n| (g, n)));
            let (group, number) = cuts.nth(local as usize - 1).expect("a unit for each uplink");
            if self.groups[group].cut[number] == Some(ticket) {
                self.reconnect(ctx, group, number);
            }
        } else if self.alarm.rings(ticket) {
            self.finish(ctx, RequestId::NONE);
        }
    }

    /// The client of `request` has hung up: what is left of the reply is not sent.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.paths[ctx.requests[request].local as usize].cancelled += 1;
        if ctx.requests[request].waits == Waits::InLine {
            self.held.retain(|(other, _)| *other != request);
            return ctx.departs(&mut self.inside, request);
        }
        let handle = self.handles[request.index()].take();
        let under_way = handle.and_then(|handle| self.share.cancel(ctx.now, handle));
        ctx.departs(&mut self.inside, request);
        if under_way.is_none() {
            // Done at this very instant: its number must not come up when the slot is another's.
            return self.finish(ctx, request);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Another state of the whole network.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        self.whole = health;
        for link in 0..self.links.len() {
            self.set_capacity(ctx, link);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Transfers; utilisation is that of the single links.
    fn gauge(&self, now: SimTime) -> Gauge {
        let count = |of: fn(&Path) -> u64| self.paths.iter().map(of).sum();
        Gauge {
            arrived: count(|path| path.begun),
            completed: count(|path| path.completed),
            reneged: count(|path| path.cancelled),
            inside: self.inside.area(now),
            stayed: self.inside.stayed(),
            ..Gauge::default()
        }
    }

    fn counts(_: &LinksConfig) -> Keeps {
        Keeps { visits: true, completions: true, ..Keeps::NOTHING }
    }

    fn keeps_place(&self) -> bool {
        true
    }

    /// The reading of a link: transfers that cross it, and as `busy` and `capacity` the bytes moved and movable, in
    /// 1 / [`PACE`] bytes a second × ns.
    fn part_reading(&self, part: ComponentId, now: SimTime) -> Option<Gauge> {
        let link = self.links.iter().position(|state| state.member == part)?;
        let state = &self.links[link];
        let paths = self.share.paths_over(link).iter().map(|&path| self.paths[path as usize]);
        let (mut arrived, mut completed, mut reneged) = (0, 0, 0);
        for path in paths {
            arrived += path.begun;
            completed += path.completed;
            reneged += path.cancelled;
        }
        let steps = u128::from(PACE);
        let capacity = u128::from(state.full) * steps * u128::from(now.nanos());
        let (busy, unavailable) = (self.share.moved(now, link), state.lost_at(now) * steps);
        Some(Gauge {
            arrived,
            completed,
            reneged,
            busy,
            idle: capacity.saturating_sub(busy + unavailable),
            unavailable,
            capacity,
            ..Gauge::default()
        })
    }

    /// A link, or one of several uplinks, fares differently.
    fn part_fares(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
        let part = around.component(heard.of);
        let (link, uplink) =
            (Link::of(part).map(Link::config), Uplink::of(part).map(Uplink::config));
        around.component_ctx(own, cause, |component, ctx| {
            let Some(links) = Self::of_mut(component) else { return };
            if let Some(of) = link {
                links.link_health(ctx, of.index, heard.is);
            }
            if let Some(of) = uplink {
                links.uplink_health(ctx, of.group, of.number, heard.is);
            }
        });
    }
}
