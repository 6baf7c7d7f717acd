//! Kinds of failure, with the words that other tools have for them.
//!
//! Sources of the words: AWS Fault Injection Service, user guide, “Actions reference”; the documentation of Chaos Mesh and of its
//! `chaosd`.

use crate::scenario::words::words;

words! {
    /// Kind of failure.
    pub enum How {
        /// The component stops; its open requests are lost.
        Crash = "crash" | "stop"
            | "terminate"
            | "pod-kill"
            | "stop-instances"
            | "terminate-instances"
            | "reboot-instances"
            | "stop-task"
            | "pod-delete"
            | "pod-failure"
            | "container-kill"
            | "task-kill-process"
            | "terminate-nodegroup-instances"
            | "send-spot-instance-interruptions"
            | "reboot-db-instances"
            | "ec2-stop"
            | "ec2-restart"
            | "vm-stop"
            | "vm-restart"
            | "node-stop"
            | "node-reset",
        /// The component accepts requests and never answers.
        Hang = "hang",
        /// The component stalls, and then continues where it was.
        Pause = "pause" | "pause-volume-io",
        /// The component works more slowly.
        Slow = "slow"
            | "cpu-stress"
            | "stress-cpu"
            | "latency"
            | "pod-cpu-stress"
            | "task-cpu-stress"
            | "volume-io-latency"
            | "bandwidth"
            | "network-bandwidth",
        /// A server works with fewer cores; all that runs goes on with the others.
        CoresLost = "cores-lost",
        /// Its data is gone until restored.
        Lost = "lost" | "detach-volume" | "disk-detach" | "disk-loss",
        /// One disk of a set fails, and is replaced and written anew. The set is lost with one disk more than it can miss.
        DiskFailed = "disk-failed",
        /// The disks have no space left: writes fail at once, reads go on.
        DiskFull = "disk-full" | "disk-fill",
        /// The data of a database are changed wrongly, in all copies. It serves them until people detect that; then it is
        /// down until they are restored from a backup.
        Corrupt = "corrupt",
        /// Its cache is emptied.
        CacheLost = "cache-lost",
        /// A link between sites loses segments; TCP sends them again.
        Lossy = "lossy"
            | "loss"
            | "network-loss"
            | "network-corrupt"
            | "task-network-packet-loss"
            | "pod-network-packet-loss",
        /// A link between sites takes longer: each message that crosses it waits besides its latency.
        Delayed = "delayed"
            | "delay"
            | "network-delay"
            | "network-latency"
            | "task-network-latency"
            | "pod-network-latency",
        /// A link between sites carries data in one direction alone: requests arrive and no answer comes back.
        OneWay = "one-way",
        /// The component is cut off from the network.
        Partitioned = "partitioned"
            | "partition"
            | "network-partition"
            | "network-down"
            | "disrupt-connectivity"
            | "task-network-blackhole-port"
            | "pod-network-blackhole-port"
            | "virtual-interface-disconnect",
    }
    elsewhere {
        "invocation-add-delay" =>
            "no fault delays a call by itself: a service can be `slow`, and a link between sites `delayed`",
        "memory-stress" | "stress-mem" | "pod-memory-stress" =>
            "no fault takes memory: give the zone or server less, or empty its cache with how = \"cache-lost\"",
        "io-stress" | "pod-io-stress" | "task-io-stress" | "disk-read-payload" | "disk-write-payload" =>
            "give an [operation.NAME] with `load`: disk operations beside those of requests",
        "api-insufficient-instance-capacity-error" | "asg-insufficient-instance-capacity-error" =>
            "let a `crash` hit the scaler: nothing is launched until its repair; launch = { failure = 0.2 } refuses single launches",
        "failover-db-cluster" => "let a `crash` hit `database.NAME.primary`: its `failover` follows",
        "bucket-pause-replication" | "global-table-pause-replication" =>
            "no fault stops replication alone: let a `crash` hit the replica, which catches up after its repair",
        "drain-container-instances" =>
            "that is planned: give an [operation.NAME] with does = \"deploy\", or \"move\" for members of a scaler",
        "http-abort" | "abort" | "inject-api-internal-error" | "inject-api-unavailable-error" | "inject-api-throttle-error"
        | "invocation-error" | "invocation-http-integration-response" =>
            "no fault answers a share of the requests with errors: `crash` refuses all of them",
        "io-fault" | "fault" | "mistake" =>
            "no fault lets a share of the disk operations fail: `disk-full` fails writes, `lost` all of them, `disk-failed` single disks",
        "time-offset" | "time-skew" => "no clock of the simulation is wrong",
        "disrupt-vpc-endpoint" | "route-table-disrupt-cross-region-connectivity"
        | "transit-gateway-disrupt-cross-region-connectivity" => "let `partitioned` hit the link between the sites",
        "interrupt-az-power" | "replicationgroup-interrupt-az-power" => "give the site a [feed.NAME] and let a `crash` hit it",
        "start-zonal-autoshift" | "zonal-autoshift-recovery" => "let a `crash` hit the site: its balancers and names shift the users",
        "dns-error" | "network-dns" => "let a `crash` hit the name service",
        "duplicate" | "network-duplicate" => "TCP drops what comes twice: it costs nothing here",
    }

    /// Moment at which a fault that follows another begins.
    pub enum Once {
        /// At the onset of the other fault.
        Begun = "begun",
        /// At the repair of the other fault.
        Repaired = "repaired",
    }
}
