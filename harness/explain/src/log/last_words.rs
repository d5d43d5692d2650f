//! The last words of servers that we know: what a container says before it ends is in no field of the API, and is read
//! where rights allow it.

use super::{ownership, space};
use crate::{
    cause::{self, Cause, quote},
    container::At,
    log,
};

/// Lines from the end that count as last words.
const LAST: usize = 40;

/// A sentence of a server: all its parts are in one line, whatever their case.
struct Words {
    /// Parts of an image's name that tell the server; none for what any program may say.
    server: &'static [&'static str],
    says: &'static [&'static str],
    means: &'static str,
    /// Whether a server that says so leaves no doubt.
    sure: bool,
}

const fn words(server: &'static [&'static str], says: &'static [&'static str], means: &'static str) -> Words {
    Words { server, says, means, sure: !server.is_empty() }
}

/// A sentence after which the cause is only likely.
const fn hint(server: &'static [&'static str], says: &'static [&'static str], means: &'static str) -> Words {
    Words { server, says, means, sure: false }
}

const POSTGRESQL: &[&str] = &["postgres", "timescale", "postgis", "spilo", "supabase"];
const MYSQL: &[&str] = &["mysql", "mariadb", "percona"];
const MONGODB: &[&str] = &["mongo"];
const REDIS: &[&str] = &["redis", "valkey", "keydb"];
const RABBITMQ: &[&str] = &["rabbitmq"];
const KAFKA: &[&str] = &["kafka", "strimzi", "redpanda"];
const ELASTICSEARCH: &[&str] = &["elasticsearch", "opensearch"];
const ETCD: &[&str] = &["etcd"];
const ZOOKEEPER: &[&str] = &["zookeeper"];
const CASSANDRA: &[&str] = &["cassandra", "scylla"];
const MINIO: &[&str] = &["minio"];
const GARAGE: &[&str] = &["garage"];
const ANY: &[&str] = &[];

/// Known sentences, the more telling first.
static KNOWN: &[Words] = &[
    words(POSTGRESQL, &["contains a lost+found directory"], cause::DATA_DIRECTORY_NOT_EMPTY),
    words(POSTGRESQL, &["directory", "exists but is not empty"], cause::DATA_DIRECTORY_NOT_EMPTY),
    words(POSTGRESQL, &["data directory", "has wrong ownership"], cause::DATA_NOT_PERMITTED),
    words(POSTGRESQL, &["data directory", "has invalid permissions"], cause::DATA_NOT_PERMITTED),
    words(POSTGRESQL, &["could not change permissions of directory"], cause::DATA_NOT_PERMITTED),
    words(POSTGRESQL, &["initialized by postgresql version"], cause::DATA_OF_ANOTHER_VERSION),
    words(POSTGRESQL, &["database files are incompatible with server"], cause::DATA_OF_ANOTHER_VERSION),
    words(POSTGRESQL, &["unused mount/volume"], cause::DATA_OF_ANOTHER_VERSION),
    words(POSTGRESQL, &["lock file", "already exists"], cause::DATA_IN_USE),
    words(POSTGRESQL, &["could not locate a valid checkpoint record"], cause::DATA_DAMAGED),
    words(POSTGRESQL, &["invalid checkpoint record"], cause::DATA_DAMAGED),
    words(POSTGRESQL, &["could not open file", "global/pg_control"], cause::DATA_DAMAGED),
    words(POSTGRESQL, &["is not a valid data directory"], cause::DATA_DAMAGED),
    words(POSTGRESQL, &["database system identifier differs"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(POSTGRESQL, &["is from different database system"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(POSTGRESQL, &["database is uninitiali", "password"], cause::SETTING_MISSING),
    // Of a query, it ends only that.
    hint(POSTGRESQL, &["could not resize shared memory segment"], cause::SHARED_MEMORY_REFUSED),
    words(POSTGRESQL, &["could not map anonymous shared memory"], cause::SHARED_MEMORY_REFUSED),
    hint(POSTGRESQL, &["bus error"], cause::SHARED_MEMORY_REFUSED),
    words(
        MYSQL,
        &["initialize specified but the data directory has files in it"],
        cause::DATA_DIRECTORY_NOT_EMPTY,
    ),
    words(MYSQL, &["--initialize", "the data directory", "is unusable"], cause::DATA_DIRECTORY_NOT_EMPTY),
    words(MYSQL, &["must be writable", "ibdata1"], cause::DATA_NOT_PERMITTED),
    words(MYSQL, &["errcode: 13"], cause::DATA_NOT_PERMITTED),
    words(MYSQL, &["operating system error number 13"], cause::DATA_NOT_PERMITTED),
    words(MYSQL, &["data directory built by version"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["invalid mysql server upgrade"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["invalid mysql server downgrade"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["downgrade", "is not supported"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["upgrade after a crash is not supported"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["unsupported redo log format"], cause::DATA_OF_ANOTHER_VERSION),
    words(MYSQL, &["unable to lock", "ibdata1"], cause::DATA_IN_USE),
    words(MYSQL, &["disk is full writing"], cause::DISK_FULL),
    words(MYSQL, &["errno: 28"], cause::DISK_FULL),
    words(MYSQL, &["database is uninitialized and password option is not specified"], cause::SETTING_MISSING),
    words(MYSQL, &["may not be safe to bootstrap the cluster from this node"], cause::SETTING_MISSING),
    words(MONGODB, &["attempted to create a lock file on a read-only directory"], cause::DATA_NOT_PERMITTED),
    words(MONGODB, &["invalid featurecompatibilityversion"], cause::DATA_OF_ANOTHER_VERSION),
    words(MONGODB, &["too recent to start up on the existing data files"], cause::DATA_OF_ANOTHER_VERSION),
    words(MONGODB, &["wrong mongod version"], cause::DATA_OF_ANOTHER_VERSION),
    words(MONGODB, &["dbpathinuse"], cause::DATA_IN_USE),
    words(MONGODB, &["unable to lock the lock file"], cause::DATA_IN_USE),
    words(MONGODB, &["permissions on", "are too open"], cause::SETTING_MISSING),
    words(MONGODB, &["requires a cpu with avx"], cause::WRONG_ARCHITECTURE),
    words(REDIS, &["can't open", "append", "permission denied"], cause::DATA_NOT_PERMITTED),
    words(REDIS, &["can't create", "append", "permission denied"], cause::DATA_NOT_PERMITTED),
    words(REDIS, &["can't handle rdb format version"], cause::DATA_OF_ANOTHER_VERSION),
    words(REDIS, &["bad file format reading the append only file"], cause::DATA_DAMAGED),
    words(REDIS, &["unexpected end of file reading the append only file"], cause::DATA_DAMAGED),
    words(REDIS, &["short read or oom loading db"], cause::DATA_DAMAGED),
    words(REDIS, &["corrupted cluster config file"], cause::DATA_DAMAGED),
    words(REDIS, &["already used by a different", "cluster node"], cause::DATA_IN_USE),
    words(RABBITMQ, &[".erlang.cookie", "eacces"], cause::DATA_NOT_PERMITTED),
    words(RABBITMQ, &[".erlang.cookie must be accessible by owner only"], cause::DATA_NOT_PERMITTED),
    words(RABBITMQ, &["thinks it's clustered with node", "disagrees"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(RABBITMQ, &["inconsistent_cluster"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(RABBITMQ, &["required feature flag not enabled"], cause::DATA_OF_ANOTHER_VERSION),
    words(RABBITMQ, &["incompatible_feature_flags"], cause::DATA_OF_ANOTHER_VERSION),
    words(RABBITMQ, &["schema_integrity_check_failed"], cause::DATA_DAMAGED),
    words(KAFKA, &["lost+found", "topic-partition"], cause::DATA_DIRECTORY_NOT_EMPTY),
    words(KAFKA, &["inconsistentclusteridexception"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(KAFKA, &["invalid cluster.id in"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(KAFKA, &["doesn't match stored clusterid"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(KAFKA, &["configured broker.id", "doesn't match stored"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(KAFKA, &["inconsistentbrokeridexception"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(KAFKA, &["no readable meta.properties"], cause::SETTING_MISSING),
    words(ELASTICSEARCH, &["vm.max_map_count", "is too low"], cause::NODE_SETTING_TOO_LOW),
    words(ELASTICSEARCH, &["max file descriptors", "is too low"], cause::NODE_SETTING_TOO_LOW),
    words(ELASTICSEARCH, &["cannot upgrade a node from version"], cause::DATA_OF_ANOTHER_VERSION),
    words(ELASTICSEARCH, &["cannot downgrade a node from version"], cause::DATA_OF_ANOTHER_VERSION),
    words(ELASTICSEARCH, &["previously joined a cluster with uuid"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(ELASTICSEARCH, &["failed to obtain node lock", "same data path"], cause::DATA_IN_USE),
    words(ELASTICSEARCH, &["accessdeniedexception"], cause::DATA_NOT_PERMITTED),
    words(ETCD, &["has already been bootstrapped"], cause::MEMBER_ALREADY_KNOWN),
    words(ETCD, &["cluster id mismatch"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(ETCD, &["cluster cannot be downgraded"], cause::DATA_OF_ANOTHER_VERSION),
    words(ETCD, &["without desired file permission"], cause::DATA_NOT_PERMITTED),
    words(ETCD, &["crc mismatch"], cause::DATA_DAMAGED),
    words(ETCD, &["failed to recover v3 backend from snapshot"], cause::DATA_DAMAGED),
    words(ETCD, &["failed to find database snapshot file"], cause::DATA_DAMAGED),
    words(ZOOKEEPER, &["no snapshot found, but there are log entries"], cause::DATA_DAMAGED),
    words(ZOOKEEPER, &["unable to load database on disk"], cause::DATA_DAMAGED),
    words(ZOOKEEPER, &["unable to create data directory"], cause::DATA_NOT_PERMITTED),
    words(ZOOKEEPER, &["myid file is missing"], cause::SETTING_MISSING),
    words(CASSANDRA, &["saved cluster name", "!= configured name"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(CASSANDRA, &["data center", "differs from previous data center"], cause::DATA_OF_ANOTHER_CLUSTER),
    words(CASSANDRA, &["already exists, cancelling join"], cause::MEMBER_ALREADY_KNOWN),
    words(CASSANDRA, &["unreadable sstables"], cause::DATA_OF_ANOTHER_VERSION),
    words(CASSANDRA, &["insufficient permissions on directory"], cause::DATA_NOT_PERMITTED),
    words(CASSANDRA, &["have write permissions for", "directory"], cause::DATA_NOT_PERMITTED),
    words(MINIO, &["file access denied"], cause::DATA_NOT_PERMITTED),
    words(MINIO, &["unable to write to the backend"], cause::DATA_NOT_PERMITTED),
    words(
        MINIO,
        &["drive is already being used in another erasure deployment"],
        cause::DATA_OF_ANOTHER_CLUSTER,
    ),
    words(MINIO, &["unknown xl", "version"], cause::DATA_OF_ANOTHER_VERSION),
    words(MINIO, &["storage reached its minimum free"], cause::DISK_FULL),
    words(GARAGE, &["unable to open", "permission denied"], cause::DATA_NOT_PERMITTED),
    words(GARAGE, &["unable to open", "no space left on device"], cause::DISK_FULL),
    words(GARAGE, &["no rpc secret"], cause::SETTING_MISSING),
    words(ANY, &["no space left on device"], cause::DISK_FULL),
    words(ANY, &["disk quota exceeded"], cause::DISK_FULL),
    words(ANY, &["exec format error"], cause::WRONG_ARCHITECTURE),
];

/// What a container that ended said last, where that says why.
pub(crate) fn examine(at: &At<'_>) -> Option<Cause> {
    let text = at.picture.log(at.pod, &at.container.name)?;
    let lines: Vec<&str> = text.lines().rev().take(LAST).collect();
    let (id, line, certain) = known(at, &lines).or_else(|| not_permitted(at, &lines))?;
    let code = at.last_code().map_or_else(String::new, |code| format!(" with exit code {code}"));
    let cause = at
        .cause(id, &format!("ends{code} again and again, and its log says why: {}", quote(line)))
        .by(log::evidence(at.picture, at.pod, &at.container.name));
    let cause = if certain {
        cause
    } else {
        cause.likely(format!(
            "the whole log: {}",
            at.picture.kubectl(&format!(
                "logs {} -c {} --previous",
                kube::ResourceExt::name_any(at.pod),
                at.container.name
            ))
        ))
    };
    Some(advise(at, id, line, cause))
}

fn known<'a>(at: &At<'_>, lines: &[&'a str]) -> Option<(&'static str, &'a str, bool)> {
    let image = program(&at.container.image);
    let said = |words: &Words| {
        let says = |line: &&&str| {
            let lower = line.to_lowercase();
            words.says.iter().all(|part| lower.contains(part))
        };
        lines.iter().find(says).map(|line| (words.means, *line, words.sure))
    };
    let own = |server: &[&str]| server.iter().any(|part| image.contains(part));
    // A server that is known speaks for itself; another's sentence is a hint only.
    let certain = KNOWN.iter().filter(|words| words.server.is_empty() || own(words.server)).find_map(said);
    if let Some((means, line, sure)) = certain {
        return Some((means, line, sure || means == cause::WRONG_ARCHITECTURE));
    }
    KNOWN.iter().find_map(said).map(|(means, line, _)| (means, line, false))
}

/// `registry.example:5000/bitnami/postgresql:17@sha256:…` is `postgresql`.
fn program(image: &str) -> String {
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_lowercase()
}

/// Any program may be refused a file: it counts where the file is on a volume of the container.
fn not_permitted<'a>(at: &At<'_>, lines: &[&'a str]) -> Option<(&'static str, &'a str, bool)> {
    let mounts = at.template()?.volume_mounts.as_deref().unwrap_or_default();
    let refused = |line: &&&str| {
        let lower = line.to_lowercase();
        let denied = ["permission denied", "operation not permitted", "eacces", "accessdenied"];
        denied.iter().any(|word| lower.contains(word))
            && mounts.iter().any(|mount| mount.mount_path.len() > 1 && line.contains(&mount.mount_path))
    };
    lines.iter().find(refused).map(|line| (cause::DATA_NOT_PERMITTED, *line, false))
}

fn advise(at: &At<'_>, id: &'static str, line: &str, cause: Cause) -> Cause {
    let set = at.picture.name();
    let image = &at.container.image;
    match id {
        cause::DATA_DIRECTORY_NOT_EMPTY => cause
            .advise(format!("a new volume's root holds lost+found: set the server's data directory to a folder below the mount (PostgreSQL: PGDATA), or subPath in the volumeMount, in statefulset {set}"))
            .advise("do not delete what the directory holds before you know that it is no data"),
        cause::DATA_NOT_PERMITTED => ownership::advise(at, line, cause),
        cause::DATA_OF_ANOTHER_VERSION => cause
            .advise(format!("go back to the version that wrote the data (now: {image}), and delete the pod"))
            .advise("then upgrade as the server's documentation has it, step by step: with its tool, or by dump and restore"),
        cause::DATA_OF_ANOTHER_CLUSTER => cause
            .advise("see whose volume it is: a claim that an earlier set of this name left behind, or a restore from elsewhere")
            .advise(format!("if the data on it may go: {} with its name, and delete the pod: both are made anew", at.picture.kubectl("delete pvc"))),
        cause::DATA_IN_USE => cause
            .advise("see that no other pod has the volume: two processes with one volume destroy data")
            .advise("only if surely none has: remove the lock that the message names"),
        cause::DATA_DAMAGED => cause
            .advise("copy the volume before anything else, then repair with the server's own tool or restore a backup")
            .advise("if the server has replicas that are whole, delete this member's claim and pod: it is filled from them"),
        cause::DISK_FULL => space::advise(at, line, cause),
        cause::SETTING_MISSING => cause.advise(format!("give it what it asks for in the template of statefulset {set}")),
        cause::NODE_SETTING_TOO_LOW => cause
            .advise("raise it on the node (sysctl -w vm.max_map_count=262144, and in /etc/sysctl.d), or by a privileged init container")
            .advise("Elasticsearch can do without maps: node.store.allow_mmap: false"),
        cause::SHARED_MEMORY_REFUSED => cause
            .advise(format!("if the node has huge pages (kubectl describe node: hugepages-2Mi), ask for some in statefulset {set} (resources.limits of hugepages-2Mi), or let the server do without: PostgreSQL's huge_pages = off, also in what initdb reads"))
            .advise(format!("if /dev/shm is too small (64 MiB by default), mount more there: an emptyDir with medium: Memory at /dev/shm in statefulset {set}")),
        cause::MEMBER_ALREADY_KNOWN => cause
            .advise("take the lost member out of the cluster by its own tool (etcdctl member remove, nodetool removenode or replace_address), then let it join as a new one")
            .advise("etcd: initial-cluster-state must then be existing"),
        _ => cause
            .advise(format!("use an image that is built for the node's processor: kubectl get nodes -L kubernetes.io/arch; it is {image}"))
            .advise("or bind the pods to nodes that fit: nodeSelector kubernetes.io/arch"),
    }
}

/// A program that the container runtime can't start, since it is for another processor.
pub(crate) fn wrong_architecture(at: &At<'_>, told: &str) -> Cause {
    let cause = at.cause(
        cause::WRONG_ARCHITECTURE,
        &format!("can't be started, its image is not for the node's processor or system: {}", quote(told)),
    );
    advise(at, cause::WRONG_ARCHITECTURE, told, cause)
}

/// The sentence by which a server says that it found a database and makes none, in a life that a probe cut off.
pub(crate) fn begun_before<'a>(at: &At<'a>) -> Option<&'a str> {
    const FOUND: &[&str] =
        &["skipping initialization", "already initialized", "deploying postgresql with persisted data"];
    let text = at.picture.log(at.pod, &at.container.name)?;
    text.lines().find(|line| {
        let lower = line.to_lowercase();
        FOUND.iter().any(|found| lower.contains(found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_last_name() {
        let names = [
            ("postgres:17", "postgres"),
            ("registry.example:5000/bitnami/postgresql:17@sha256:00", "postgresql"),
            ("docker.io/library/redis", "redis"),
        ];
        for (image, name) in names {
            assert_eq!(program(image), name);
        }
    }

    #[test]
    fn sentences_are_written_small_since_logs_are_read_so() {
        for words in KNOWN {
            assert!(words.says.iter().all(|part| *part == part.to_lowercase()), "{:?}", words.says);
        }
    }
}
