//! The network between the servers and their users, and between sites: switches, uplinks, links.
//!
//! Model: a reply crosses all the links of its way at one rate, max-min fair against all the others
//! ([`flow_share`](crate::mechanism::flow_share)); after its last byte it still needs the latency of
//! the way. The uplinks of a site are one link of their summed capacity; one reply gets at
//! most the bandwidth of a single uplink. One switch alone carries its rack.
//!
//! Users of a site are spread evenly over its uplinks; the uplink is sampled once per page view. When an
//! uplink fails, its users are cut off for the time that routes need to converge (`convergence`):
//! their requests do not arrive and are not answered; replies to them that are under way stop
//! and resume afterwards. Then the other uplinks carry them. A repaired uplink takes its users back at
//! once.
//!
//! Three kinds of component: [`Links`], one per world, moves the bytes; a [`Link`] stands for one
//! link, so that faults and figures can name it, and an [`Uplink`] for one of several uplinks.
//!
//! In: `send`, `hold`, `cancel`, `alarm`, `health`, `link_health`, `uplink_health`. Out: the request goes on.
//! Holds: bytes moved over a link ≤ its capacity × time, in integers; a link that is down moves
//! nothing and forgets nothing: transfers over it stall and resume where they stopped.
//! Leaves out: requests on their way to the site (some hundred bytes: negligible), calls between
//! servers of one site (those over a link between sites: `world::between`), slow start, loss (but of links between sites:
//! `impaired`), headers; replies to requests
//! that came from no client, and to clients that have hung up: no client would receive them, so nothing is sent.
//! Source: Bertsekas & Gallager, *Data Networks* (1992) 6.5.2.

mod impaired;
mod named;

pub use impaired::{Far, Loss};
use impaired::{Losing, made_up};
pub use named::{Link, Uplink};

use crate::convert::{below, table, whole};
use crate::engine::calendar::Ticket;
use crate::mechanism::flow_share::{FlowHandle, FlowShare, PACE};
use crate::mechanism::virtual_clock::keep;
use crate::model::alarm::Alarm;
use crate::model::event::Event;
use crate::model::gauge::{Gauge, Occupancy};
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::request::{Request, RequestId, Stage, Waits};
use crate::model::route::{Draws, Op};
use crate::model::world::Around;
use crate::model::{Ctx, Health, Heard, Held, Keeps, Live, Next, Start, none};
use crate::units::{Bandwidth, Bytes, SimDuration, SimTime};

/// Configuration of the network of a world.
#[derive(Clone, Debug)]
pub struct LinksConfig {
    /// The component that stands for each link, and its capacity.
    pub links: Vec<(ComponentId, Bandwidth)>,
    /// Ways that replies take.
    pub paths: Vec<PathConfig>,
    /// Links between sites that may lose data, each with its index in `links`.
    pub losses: Vec<(u32, Loss)>,
    /// Groups of uplinks whose users are cut off until routes converge when one uplink fails.
    pub groups: Vec<UplinkGroup>,
    /// Alarm of the network.
    pub unit: UnitId,
}

/// The uplinks of one site, which together are one link.
#[derive(Clone, Debug)]
pub struct UplinkGroup {
    /// The component that stands for each uplink.
    pub members: Vec<ComponentId>,
    /// Time for which the users of a dead uplink are cut off.
    pub convergence: SimDuration,
    /// Key of the draw of a view's uplink.
    pub key: KeyId,
    /// Alarm of the first uplink; those of the others follow it.
    pub unit: UnitId,
}

/// The uplink that a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct UplinkConfig {
    /// The network.
    pub network: ComponentId,
    /// Index of its group in [`LinksConfig::groups`].
    pub group: u32,
    /// Number of the uplink in its group.
    pub number: u32,
}

/// A way that replies take.
#[derive(Clone, Debug)]
pub struct PathConfig {
    /// The links it crosses, as indices in [`LinksConfig::links`].
    pub links: Vec<usize>,
    /// Bandwidth limit of one reply, if it is limited by more than the links.
    pub flow_limit: Option<Bandwidth>,
    /// Latency of the whole way, for a byte on idle links.
    pub latency: SimDuration,
    /// The uplinks it ends in, as an index in [`LinksConfig::groups`].
    pub uplinks: Option<u32>,
    /// The link between sites that it crosses.
    pub far: Option<Far>,
}

/// The link that a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// The network.
    pub network: ComponentId,
    /// Index of the link in [`LinksConfig::links`].
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
    /// Health of the whole network.
    whole: Health,
    /// Flow handle per request slot; only entries of transfers under way are valid.
    handles: Vec<Option<FlowHandle>>,
    inside: Occupancy,
    groups: Vec<Group>,
    /// Number of uplinks whose users are cut off now.
    cut: u32,
    /// Replies to users who are cut off, and messages that a link carries in the other direction alone, each with its
    /// remaining bytes.
    held: Vec<(RequestId, Bytes)>,
    /// Number of links that are lossy or carry one direction alone.
    impaired: u32,
    /// Messages that cross a lossy link, with what they lose there.
    losing: Vec<(RequestId, Losing)>,
}

#[derive(Clone, Debug)]
struct Group {
    config: UplinkGroup,
    /// Pending alarm of each uplink at which the others take its users; `None`: not cut off.
    cut: Vec<Option<Ticket>>,
}

#[derive(Clone, Debug)]
struct State {
    member: ComponentId,
    full: u64,
    usable: u64,
    health: Health,
    /// Capacity lost up to `since`, in bytes per second × ns.
    lost: u128,
    since: SimTime,
    /// Recovery of lost data by TCP; `None` if the link never loses anything.
    loss: Option<Loss>,
}

#[derive(Clone, Copy, Debug)]
struct Path {
    latency: SimDuration,
    uplinks: Option<u32>,
    far: Option<Far>,
    begun: u64,
    completed: u64,
    cancelled: u64,
}

impl Links {
    /// Creates the network with every link idle.
    #[must_use]
    pub fn new(id: ComponentId, config: &LinksConfig) -> Self {
        let capacities: Vec<Bandwidth> = config.links.iter().map(|(_, all)| *all).collect();
        let mut share = FlowShare::new(&capacities);
        let mut paths = Vec::new();
        for path in &config.paths {
            share.path(&path.links, path.flow_limit);
            let (latency, uplinks, far) = (path.latency, path.uplinks, path.far);
            paths.push(Path { latency, uplinks, far, begun: 0, completed: 0, cancelled: 0 });
        }
        let group = |group: &UplinkGroup| Group {
            config: group.clone(),
            cut: vec![None; group.members.len()],
        };
        let groups = config.groups.iter().map(group).collect();
        let state = |(at, &(member, capacity)): (usize, &(ComponentId, Bandwidth))| State {
            member,
            full: capacity.bytes_per_s(),
            usable: capacity.bytes_per_s(),
            health: Health::Up,
            lost: 0,
            since: SimTime::ZERO,
            loss: config.losses.iter().find(|(of, _)| *of as usize == at).map(|(_, loss)| *loss),
        };
        Self {
            id,
            unit: config.unit,
            share,
            alarm: Alarm::default(),
            links: config.links.iter().enumerate().map(state).collect(),
            paths,
            whole: Health::Up,
            handles: Vec::new(),
            inside: Occupancy::new(false),
            groups,
            cut: 0,
            held: Vec::new(),
            impaired: 0,
            losing: Vec::new(),
        }
    }

    /// Returns the component of the dead uplink if the view `ordinal` is cut off on `path`: routes have not
    /// converged yet. `None`: the view is not cut off.
    #[must_use]
    pub fn cut_off(&self, draws: &Draws<'_>, ordinal: u64, path: u32) -> Option<ComponentId> {
        if self.cut == 0 {
            return None;
        }
        let group = &self.groups[self.paths[path as usize].uplinks? as usize];
        let number = group.number_of(draws, ordinal);
        group.cut[number].map(|_| group.config.members[number])
    }

    /// Returns the latency of a way; `None` while a link of it is down or carries one direction alone.
    #[must_use]
    pub fn latency_of(&self, path: u32) -> Option<SimDuration> {
        let both_ways = [false, true].iter().all(|back| !self.shuts(path, *back));
        let open = !self.share.is_blocked(path as usize) && both_ways;
        open.then(|| self.paths[path as usize].latency_now(&self.links))
    }

    /// Holds back a reply of `size` bytes to `request`, whose client is cut off.
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

    /// Sets the health of one of several uplinks: cuts its users off, or reconnects them.
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
            // A transfer whose last byte left at this very instant is on its way already.
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

    /// Resumes the replies to the users of an uplink, which the other uplinks or itself carry from now on.
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

    /// Starts a reply of `size` bytes to `request` on `path`.
    pub fn send(&mut self, ctx: &mut Ctx<'_>, request: RequestId, size: Bytes, path: u32) {
        self.inside.add(ctx.now);
        self.paths[path as usize].begun += 1;
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.local = path;
        entry.waits = Waits::InService;
        if self.impaired > 0 && self.meets(ctx, request, size, path) {
            return;
        }
        self.start(ctx.now, request, size, path);
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Lets all requests with a finished transfer go on, except `but`.
    fn finish(&mut self, ctx: &mut Ctx<'_>, but: RequestId) {
        let finished = self.share.advance(ctx.now).map(RequestId);
        for request in finished.filter(|request| *request != but) {
            self.handles[request.index()] = None;
            let path = &mut self.paths[ctx.requests[request].local as usize];
            path.completed += 1;
            let mut latency = path.latency_now(&self.links);
            if !self.losing.is_empty() {
                latency += made_up(&mut self.losing, ctx, request);
            }
            ctx.requests[request].ends = ctx.now + latency;
            ctx.departs(&mut self.inside, request);
            let adds_it = matches!(ctx.requests[request].stage, Stage::Reply | Stage::Stream);
            if !adds_it && !latency.is_zero() {
                // Data between processes; the client of a reply and the receiver of a stream count the latency themselves.
                ctx.requests[request].waits = Waits::Timer;
                ctx.wake_after(request, latency);
                continue;
            }
            ctx.proceed(request);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Sets the health of one link. With k of n uplinks left it is [`Health::Slow`] by n / k; a link
    /// that is neither up nor slow moves nothing.
    pub fn link_health(&mut self, ctx: &mut Ctx<'_>, link: u32, health: Health) {
        let before = std::mem::replace(&mut self.links[link as usize].health, health);
        self.set_capacity(ctx, link as usize);
        self.impairs(ctx, link, before, health);
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

impl Path {
    /// Returns the latency, with what delays the link between sites on it.
    fn latency_now(&self, links: &[State]) -> SimDuration {
        match self.far.map(|far| links[far.link as usize].health) {
            Some(Health::Delayed(delay)) => self.latency + delay,
            _ => self.latency,
        }
    }
}

impl State {
    fn lost_at(&self, now: SimTime) -> u128 {
        let gone = self.full.saturating_sub(self.usable);
        self.lost + u128::from(gone) * u128::from((now - self.since).nanos())
    }
}

impl Group {
    /// Returns the uplink to which the view `ordinal` belongs.
    fn number_of(&self, draws: &Draws<'_>, ordinal: u64) -> usize {
        below(draws.uniform_at(self.config.key, ordinal, 0), self.cut.len())
    }
}

/// Returns the usable share of the capacity at this health.
fn share_of(health: Health) -> f64 {
    match health {
        Health::Up | Health::Lossy(_) | Health::Delayed(_) | Health::OneWay(_) => 1.0,
        Health::Slow(factor) => 1.0 / factor.max(1.0),
        _ => 0.0,
    }
}

impl Live for Links {
    type Config = LinksConfig;

    fn begin(id: ComponentId, config: &LinksConfig, _: &Start<'_>) -> Self {
        Self::new(id, config)
    }

    none!(lent);
    none!(
        listens, hears, ask, ended, holds, count_ends, waits, sojourns, by_number, quantities,
        closes, loads, forgets, queue, queue_mut, whole, is_process, is_idle, bounds, leader,
        data_swap, entrance, bars, starts, due, wake, returned, room, redirects, abandoned,
        answers, fate, in_vain
    );
    none!(counts_anew, begin_to_count);

    /// Sends the data of `request` to another process.
    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, _: Op) -> Next {
        let entry = &around.requests[request];
        let (size, path) = (Bytes::new(entry.need), entry.local);
        around.with(own, |links: &mut Self, ctx| links.send(ctx, request, size, path));
        Next::Waits
    }

    /// Finishes the transfers that are done, or reconnects users once routes have converged.
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

    /// Cancels the reply to `request`, whose client has hung up: the rest is not sent.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.paths[ctx.requests[request].local as usize].cancelled += 1;
        self.losing.retain(|(other, _)| *other != request);
        if ctx.requests[request].waits == Waits::InLine {
            self.held.retain(|(other, _)| *other != request);
            return ctx.departs(&mut self.inside, request);
        }
        let handle = self.handles[request.index()].take();
        let under_way = handle.and_then(|handle| self.share.cancel(ctx.now, handle));
        ctx.departs(&mut self.inside, request);
        if under_way.is_none() {
            // Done at this very instant: its id must not come up later, when another request has the slot.
            return self.finish(ctx, request);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Sets the health of the whole network.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        self.whole = health;
        for link in 0..self.links.len() {
            self.set_capacity(ctx, link);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Returns the counts of transfers; utilisation is reported per link.
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

    /// Returns the reading of a link: the transfers that cross it, and as `busy` and `capacity` the bytes moved and
    /// movable, in 1 / [`PACE`] bytes per second × ns.
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

    /// Receives a changed health of a link or of one of several uplinks.
    fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
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
