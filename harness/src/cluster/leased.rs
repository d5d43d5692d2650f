//! A cluster to use: one of ours under a lease, or an existing one.

use std::{collections::BTreeMap, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Engine, Image, Loader, Machine, Node, Reporter, Site,
    client::{self, Clients},
    existing, fresh, gates, images,
    inotify::Instances,
    kind,
    lease::{self, ExclusiveLease, LeaseFiles, Next, Record, SharedLease, State},
    ready, runs, version,
};
use crate::{
    error::{Error, Result},
    manifest::Local,
    report::result::{ClusterFacts, ImageFacts},
    settings::Settings,
};

/// From a new control plane to a cluster that can be used.
const READY: Duration = Duration::from_secs(180);
/// A cluster that was left alive answers at once, or a little later where the machine is busy.
const ALIVE: Duration = Duration::from_secs(30);

/// A cluster to use. Dropped without [`release`](Self::release), one of ours stays for the next run.
pub struct Cluster {
    /// Its API server.
    pub clients: Clients,
    /// What reports tell about it.
    pub facts: ClusterFacts,
    /// What manifests take from it.
    pub local: Local,
    /// Where it is.
    pub site: Site,
    shared: Option<SharedLease>,
}

impl Cluster {
    /// Leases the cluster that the settings ask for, and makes it where there is none. Dropped before its end it
    /// leaves nothing half-made. Who wants to hurt nodes or the control plane leases it `alone`: then no other
    /// process shares it.
    ///
    /// # Errors
    /// Whatever the machine lacks, and whatever goes wrong on the way.
    pub async fn lease(settings: &Settings, progress: &Reporter, alone: bool) -> Result<Self> {
        if let Some(context) = &settings.context {
            let (clients, facts, local) = existing::open(context, settings, progress).await?;
            let site = existing::site(context, settings).await;
            return Ok(Self { clients, facts, local, site, shared: None });
        }
        settings.are_for_a_cluster_of_ours()?;
        let engine = Engine::ask().await?;
        let kind_binary = kind::find(&settings.cache)?;
        let mut names = vec![images::NODE];
        names.extend(images::WORKLOADS);
        let provided = images::provide(settings, &names, progress).await?;
        let (nodes, workloads): (Vec<Image>, Vec<Image>) =
            provided.into_iter().partition(|image| image.name == images::NODE);
        let [node] = &nodes[..] else { return Err(Error::bug("expected one node image")) };
        let (image, gates) = (&node.facts.reference, &settings.feature_gates);
        // The settings may name a minor: which release that is, depends on where the image came from.
        let kubernetes = version::of_node_image(image)
            .ok_or_else(|| Error::bug(format!("the node image {image} names no version")))?;
        let machine = engine.machine(image).await?;
        gates::check(image, kubernetes, gates).await?;
        let config = kind::config(image, kubernetes, gates, settings.nodes, machine);
        let nodes = settings.nodes as usize + 1;
        let wanted = Wanted { kind_binary, config, nodes, machine, workloads, alone };

        for number in 0.. {
            let name = lease::name(&settings.cache, &wanted.config, &node.facts.id, number);
            let exclusive = LeaseFiles::new(&settings.cache, name)?.lock(progress).await?;
            let Some((exclusive, clients)) = wanted.ready(exclusive, progress).await? else {
                progress
                    .say("a cluster like this is in use with other images, or is being hurt: taking another");
                continue;
            };
            if alone && let Some(record) = exclusive.record()? {
                exclusive.write(&Record { state: State::Alone, ..record })?;
            }
            let shared = exclusive.share()?;
            drop(exclusive);
            let facts = [node].into_iter().chain(&wanted.workloads).map(|image| image.facts.clone());
            let facts = existing::facts(&clients, &shared.files.name, facts.collect()).await?;
            let facts = ClusterFacts { feature_gates: gates.clone(), ..facts };
            let loader = Loader {
                kind: wanted.kind_binary,
                cluster: shared.files.name.clone(),
                scratch: shared.files.scratch(),
                ours: true,
            };
            let kubeconfig = Some(shared.files.kubeconfig());
            let site =
                Site { kubeconfig, context: None, cache: settings.cache.clone(), loader: Some(loader) };
            let local = images::local(settings, &wanted.workloads);
            return Ok(Self { clients, facts, local, site, shared: Some(shared) });
        }
        Err(Error::bug("ran out of cluster names"))
    }

    /// Gives the cluster back. The last to do so removes it, unless it is to be kept. One that is not `sound`, since what
    /// was hurt could not be mended, is made anew by who leases it next.
    ///
    /// # Errors
    /// The nodes cannot be removed.
    pub async fn release(mut self, keep: bool, sound: bool) -> Result<()> {
        let Some(shared) = self.shared.take() else { return Ok(()) };
        let exclusive = shared.files.lock(&Reporter::silent()).await?;
        let mut record = exclusive.record()?.unwrap_or_else(|| Record::new(State::Ready));
        record.kept |= keep;
        if sound {
            record.state = State::Ready;
        }
        exclusive.write(&record)?;
        drop(shared);
        if record.kept || exclusive.in_use()? {
            return Ok(());
        }
        runs::forget(&self.site.cache, &self.facts.name)?;
        fresh::remove(exclusive).await
    }

    /// The nodes that may be hurt: those of a cluster of ours, and none of another.
    pub fn nodes(&self) -> Vec<Node> {
        let names = self.facts.nodes.iter().filter(|_| self.shared.is_some());
        names.map(Node::new).collect()
    }
}

/// The cluster that is asked for.
struct Wanted {
    kind_binary: Utf8PathBuf,
    config: String,
    nodes: usize,
    machine: Machine,
    workloads: Vec<Image>,
    alone: bool,
}

impl Wanted {
    /// Makes the cluster of this lease as it should be; none when another must be taken.
    async fn ready(
        &self,
        exclusive: ExclusiveLease,
        progress: &Reporter,
    ) -> Result<Option<(ExclusiveLease, Clients)>> {
        let name = exclusive.files.name.clone();
        let record = exclusive.record()?;
        let clients = match &record {
            Some(record) if record.state == State::Ready => self.alive(&exclusive.files.kubeconfig()).await,
            _ => None,
        };
        let next = lease::next(
            record.as_ref(),
            clients.is_some(),
            exclusive.in_use()?,
            &self.image_ids(),
            self.alone,
        );
        match (next, clients) {
            (Next::Elsewhere, _) => Ok(None),
            (Next::Use, Some(clients)) => Ok(Some((exclusive, clients))),
            (Next::Load, Some(clients)) => {
                progress.say(format!("loading images into cluster {name}"));
                self.load(&exclusive.files, progress).await?;
                let kept = record.is_some_and(|record| record.kept);
                exclusive.write(&Record { kept, images: self.image_ids(), ..Record::new(State::Ready) })?;
                Ok(Some((exclusive, clients)))
            }
            _ => {
                progress.say(format!("making cluster {name} with {} nodes", self.nodes));
                let made = fresh::make(
                    exclusive,
                    &self.kind_binary,
                    &self.config,
                    progress,
                    || self.fits(),
                    async |exclusive| {
                        let clients = client::from_file(&exclusive.files.kubeconfig()).await?;
                        progress.say("loading images, waiting for nodes, DNS and storage");
                        // Loading is the disk's work, becoming ready mostly waiting.
                        let ready = ready::everything(&clients.plumbing, self.nodes, READY);
                        tokio::try_join!(self.load(&exclusive.files, progress), ready)?;
                        Ok(Record { images: self.image_ids(), ..Record::new(State::Ready) })
                    },
                );
                let exclusive = made.await?;
                let clients = client::from_file(&exclusive.files.kubeconfig()).await?;
                Ok(Some((exclusive, clients)))
            }
        }
    }

    /// Whether the machine can carry one more; asked of no other machine than ours.
    fn fits(&self) -> Result<()> {
        match Instances::of_root().filter(|_| self.machine.ours) {
            Some(instances) => instances.enough_for(self.nodes),
            None => Ok(()),
        }
    }

    async fn alive(&self, kubeconfig: &Utf8Path) -> Option<Clients> {
        let clients = client::from_file(kubeconfig).await.ok()?;
        ready::api(&clients.plumbing, ALIVE / 3).await.ok()?;
        ready::everything(&clients.plumbing, self.nodes, ALIVE).await.ok()?;
        Some(clients)
    }

    async fn load(&self, files: &LeaseFiles, progress: &Reporter) -> Result<()> {
        let nodes = kind::nodes(&files.name).await?;
        let images: Vec<&str> = self.workloads.iter().map(|image| image.facts.reference.as_str()).collect();
        kind::load(&self.kind_binary, &files.name, &images, &Node::workers(&nodes), files.scratch(), progress)
            .await
    }

    fn image_ids(&self) -> BTreeMap<String, String> {
        let pair = |facts: &ImageFacts| (facts.reference.clone(), facts.id.clone());
        self.workloads.iter().map(|image| pair(&image.facts)).collect()
    }
}
