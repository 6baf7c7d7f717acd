//! Operations on a mount of the service that works on a request: resolving the step, and its operations in the
//! event loop.

use crate::convert::table;
use crate::kinds::service::components::ALL;
use crate::model::spec::request::IoStep;
use crate::plan::checks::inert;
use crate::plan::links::find_named;
use crate::plan::names::Kind;
use crate::plan::program::{Compiler, Volume};
use crate::plan::route::Io;
use crate::plan::route::resolve::{Here, Resolver};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;
use crate::scenario::suggest;

impl Io {
    /// Resolves a step as written, done `here`; `None` if a mistake was reported.
    pub(crate) fn resolve(
        step: &IoStep,
        here: Here,
        resolver: &mut Resolver<'_, '_>,
    ) -> Option<Self> {
        resolver.entered(here.nowhere.then_some(step.span), "use a mount");
        let mut found = true;
        if let Some(here) = here.service {
            let (name, spec) = &resolver.scenario().service[here];
            let what = format!("mount of `{name}`");
            found =
                find_named(&spec.mounts, &step.io, step.io.span, &what, resolver.out()).is_some();
        }
        let (reads, writes, operations) = (step.read.value, step.write.value, step.ops.value);
        if reads + writes + operations <= 0.0 {
            let help = "give `read`, `write` or `ops`";
            inert(step.span, "this step asks for no operation", help, resolver.out());
        }
        let durable = step.durable.as_ref().filter(|durable| durable.value);
        if let Some(durable) = durable.filter(|_| writes <= 0.0) {
            let message = "this step writes nothing that could be durable";
            inert(durable.span, message, "give `write`, or remove `durable`", resolver.out());
        }
        let services = resolver.scenario().service.iter().enumerate();
        let mounts = services
            .filter(|(at, _)| here.service.is_none_or(|only| only == *at))
            .filter_map(|(at, (_, spec))| Some((at, spec.mounts.place(&step.io.text)?)))
            .collect();
        let (waits, durable) = (step.wait.value, durable.is_some());
        found.then_some(Self { mounts, reads, writes, durable, operations, waits })
    }

    /// Compiles the step into operations of the event loop.
    pub(crate) fn compile(&self, compiler: &mut Compiler<'_>, span: Span) {
        let service = compiler.service();
        let Some((service, at)) = service.and_then(|at| Some((at, self.mount_of(at)?))) else {
            return self.no_mount(compiler, service, span);
        };
        let (name, _) = &compiler.draft().scenario.service[service].1.mounts[at];
        let pool = compiler.pool_of((Kind::Service, service), ALL);
        let members = pool.map_or(&[][..], |pool| &compiler.routes.pools[pool.index()].members);
        let guests = compiler.in_guests(members);
        let pools = pools_of(compiler, service, at);
        let collects = members.iter().any(|member| compiler.mounts(*member)[at].collects);
        let volume = Volume { mount: table::u8(at), pools, guests, collects };
        let owner = compiler.owner("io", name);
        let body = |compiler: &mut Compiler<'_>| {
            compiler.head(volume, self.operations, &owner);
            let write = format!("{owner}.write");
            compiler.disk((volume, false), self.reads, &format!("{owner}.read"), span);
            if self.durable {
                compiler.disk((volume, true), self.writes, &write, span);
            } else {
                compiler.defer(volume, self.writes, &write);
            }
        };
        if self.waits { body(compiler) } else { compiler.fork(false, body) }
    }

    /// Reports that the service around the step lacks the mount; others behind the same entrance may have it.
    fn no_mount(&self, compiler: &mut Compiler<'_>, service: Option<usize>, span: Span) {
        let scenario = &compiler.draft().scenario;
        let names = |service: usize| {
            let mounts = scenario.service[service].1.mounts.iter();
            mounts.map(|(name, _)| name.text.as_str()).collect::<Vec<_>>()
        };
        let wanted = self.mounts.first().map_or("", |(service, place)| names(*service)[*place]);
        let known = service.map_or(Vec::new(), names);
        let message = format!("the service around this step has no mount `{wanted}`");
        let help = suggest::help(wanted, &known, "its mounts are");
        compiler.out().push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
    }
}

/// Returns the largest number of pools that a mount of a service is spread over.
fn pools_of(compiler: &Compiler<'_>, service: usize, mount: usize) -> u8 {
    let pool = compiler.pool_of((Kind::Service, service), ALL);
    let members = pool.map_or(&[][..], |pool| &compiler.routes.pools[pool.index()].members);
    let volumes = members.iter().filter_map(|member| compiler.mounts(*member).get(mount));
    volumes.map(|volume| volume.pools).max().unwrap_or(1)
}
