//! How the templates of all pages are read, and what every page has.

use minijinja::{Environment, Error, UndefinedBehavior, Value, syntax::SyntaxConfig};

/// These templates, by name. A name that is misspelt in one must fail, not show as nothing.
pub(super) fn templates(sources: &[(&'static str, &'static str)]) -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in sources {
        templates.add_template(name, source)?;
    }
    Ok(templates)
}

/// The style sheet of every page.
pub(super) fn style() -> Value {
    Value::from_safe_string(include_str!("style.css").to_owned())
}
