//! Reading the picture. Nothing is changed: charts are rendered, objects are tried as a dry run.

use external::{
    api,
    error::{Error, Result, exit},
};
use kube::{Client, ResourceExt};

use super::{
    Picture, Values,
    look::{Answers, Look},
};
use crate::{Chart, Helm, Release, Rendered, Stored, Way, helm::Lookup};

/// What is asked of the preflight.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The release.
    pub release: &'a Release,
    /// How the new chart gets there.
    pub way: Way,
    /// The chart that the release comes from; without it, what the release holds is enough.
    pub from: Option<&'a Chart>,
    /// The chart that it goes to.
    pub to: &'a Chart,
    /// The images that the cluster is known to have, beside those that its nodes name.
    pub images: &'a [String],
    /// The version of Kubernetes that the cluster is to have, where it is another: `1.36`.
    pub target: Option<&'a str>,
}

/// Looks once.
///
/// # Errors
/// There is no such release, or the API server shows or tries nothing: each right that is missing is named.
pub async fn read(client: &Client, helm: &Helm, question: Question<'_>) -> Result<Picture> {
    let Question { release, way, from, to, images, target } = question;
    let kubernetes = api::version(client).await?;
    let stored = if way.has_release() { Stored::read(client, release).await? } else { None };
    let held = held(helm, release, way, from).await?;
    let Renderings { new, again, offline, refusal, blind } =
        Renderings::of(helm, to, release, way, &held).await?;
    let at_target = match target {
        Some(version) => helm.rendering_for(to, release, version).await?.ok(),
        None => None,
    };
    // What a release was applied with stays so, unless somebody asks for another way.
    let server_side = match way {
        Way::Helm4 => true,
        Way::Flux => stored.as_ref().is_none_or(|stored| stored.server_side),
        Way::Helm3 | Way::Apply | Way::Argo => false,
    };
    let look =
        Look { client, release, namespace: &release.namespace, way, server_side, held: &held, new: &new };
    let Answers { trials, conflicts, live, not_served } = look.at_objects().await?;
    let (claims, missing_images) = tokio::try_join!(look.claims(), look.missing_images(images))?;
    let around = look.around(&claims).await;
    let old = match from {
        Some(from) => Some(from.defaults()?),
        None => stored.map(|stored| stored.defaults),
    };
    let values = Values { given: to.given()?, old, new: to.defaults()?, parts: to.parts.clone() };
    Ok(Picture {
        release: release.clone(),
        way,
        to: to.clone(),
        held,
        new,
        again,
        offline,
        refusal,
        blind,
        trials,
        conflicts,
        not_served,
        live,
        claims: claims.iter().map(ResourceExt::name_any).collect(),
        missing_images,
        around,
        values,
        kubernetes,
        target: target.map(str::to_owned),
        at_target,
    })
}

async fn held(helm: &Helm, release: &Release, way: Way, from: Option<&Chart>) -> Result<Rendered> {
    match (way.has_release(), from) {
        (true, _) => helm.held(release).await,
        (false, Some(from)) => helm.render(from, release, Lookup::Nothing, false).await,
        (false, None) => Err(Error::trouble(
            exit::SETTINGS,
            "what was applied leaves no release to read: name the old chart with --from",
        )),
    }
}

/// What the new chart is.
struct Renderings {
    new: Rendered,
    again: Rendered,
    offline: Rendered,
    refusal: Option<String>,
    blind: bool,
}

impl Renderings {
    async fn of(helm: &Helm, to: &Chart, release: &Release, way: Way, held: &Rendered) -> Result<Self> {
        let lookup = if way.looks_up() { Lookup::Cluster } else { Lookup::Nothing };
        let offline = helm.rendering(to, release, Lookup::Nothing, true).await?;
        let words = match helm.rendering(to, release, lookup, true).await? {
            Ok(new) => {
                let again = helm.rendering(to, release, lookup, true).await?.unwrap_or_else(|_| new.clone());
                // What renders only where it can look up is nothing to compare with.
                let offline = offline.unwrap_or_else(|_| new.clone());
                return Ok(Self { new, again, offline, refusal: None, blind: false });
            }
            Err(words) => words,
        };
        let blind = |new: Rendered, refusal: Option<String>| Self {
            again: new.clone(),
            offline: new.clone(),
            new,
            refusal,
            blind: true,
        };
        // Where Helm looks things up it also asks for each kind, and that one is not served is what we want to tell.
        if let Ok(offline) = offline
            && words.contains("no matches for kind")
        {
            return Ok(blind(offline, None));
        }
        for lookup in [lookup, Lookup::Nothing] {
            if let Ok(new) = helm.rendering(to, release, lookup, false).await? {
                return Ok(blind(new, Some(words)));
            }
        }
        Ok(blind(held.clone(), Some(words)))
    }
}
