use super::args::InitOptions;
use super::{Exit, Failure, output};
use crate::binding::{self, Binding};
use crate::diagnostic::instead;

/// Commented IUT files that work once their command is edited, by the language of their binding.
const TEMPLATES: [(&str, &str); 2] =
    [("openc2", include_str!("init_files/openc2.toml")), ("onem2m", include_str!("init_files/onem2m.toml"))];
/// What is the same in all of them, and the line where it goes.
const COMMON: (&str, &str) = ("@common@\n", include_str!("init_files/common.toml"));
/// What only one binding of a language declares, and the line where it goes.
const OWN: (&str, [(&str, &str); 1]) = ("@own@\n", [("openc2-mqtt-wd01", include_str!("init_files/wd01.toml"))]);

/// What may be declared where no text demands QoS 1, and the line where it goes.
const QOS: (&str, &str) = ("@qos@\n", include_str!("init_files/qos.toml"));

/// `touchstone init`
pub(super) fn init(options: &InitOptions) -> Result<Exit, Failure> {
    let binding = match &options.binding {
        None => binding::ALL.first().copied(),
        Some(id) => binding::find(id),
    };
    let Some(binding) = binding else {
        let id = options.binding.as_deref().unwrap_or_default();
        let known: Vec<&str> = binding::ALL.iter().map(|b| b.id).collect();
        let help = instead(id, &known).unwrap_or_default();
        return Err(Failure::usage(format!("unknown binding {id:?}; {help}")));
    };
    output::print(&template(binding));
    Ok(Exit::Conforms)
}

/// The file for a binding.
fn template(binding: &Binding) -> String {
    let own = TEMPLATES.iter().find(|(family, _)| *family == binding.family.id).map_or("", |(_, text)| *text);
    // Each of them names the first binding of its language.
    let first = binding::ALL.iter().find(|b| b.family.id == binding.family.id).map_or(binding.id, |b| b.id);
    let declared = OWN.1.iter().find(|(id, _)| *id == binding.id).map_or("", |(_, text)| *text);
    let qos = if binding.acknowledged.is_none() { QOS.1 } else { "" };
    own.replace(COMMON.0, COMMON.1).replace(OWN.0, declared).replace(QOS.0, qos).replacen(
        &format!("\"{first}\""),
        &format!("\"{}\"", binding.id),
        1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use std::path::Path;

    #[test]
    fn works_for_every_binding_once_the_command_is_edited() {
        for binding in binding::ALL {
            let text = template(binding);
            let text = text
                .replace("command = [\"my-consumer\"", "command = [\"sh\"")
                .replace("command = [\"my-cse\"", "command = [\"sh\"");
            let file = crate::iut::parse(Path::new("iut.toml"), Source::new("iut.toml", text.clone()));
            let file = file.unwrap_or_else(|p| panic!("{p}"));
            assert_eq!(file.binding.id, binding.id);
            assert!(file.launch.is_some_and(|launch| launch.isolated()));
            // Where the declarations are offered, they may be made.
            let declared = text.replace("# qos = 0 ", "qos = 0 ").replace("# subscribe_qos", "subscribe_qos");
            assert_eq!(declared != text, binding.acknowledged.is_none(), "{}", binding.id);
            let file = crate::iut::parse(Path::new("iut.toml"), Source::new("iut.toml", declared));
            assert_eq!(file.unwrap_or_else(|p| panic!("{p}")).pics.qos, binding.acknowledged.is_none().then_some(0));
        }
    }
}
