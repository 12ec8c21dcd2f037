use super::{Exit, output};

/// A commented IUT file that works once its command is edited.
const TEMPLATE: &str = include_str!("init.toml");

/// `touchstone init`
pub(super) fn init() -> Exit {
    output::print(TEMPLATE);
    Exit::Conforms
}

#[cfg(test)]
mod tests {
    use super::TEMPLATE;
    use crate::diagnostic::Source;
    use std::path::Path;

    #[test]
    fn works_once_the_command_is_edited() {
        let text = TEMPLATE.replace("\"my-consumer\", \"--host\"", "\"sh\", \"--host\"");
        let file =
            crate::iut::parse(Path::new("iut.toml"), Source::new("iut.toml", text)).unwrap_or_else(|p| panic!("{p}"));
        assert!(file.launch.is_some_and(|launch| launch.isolated()));
    }
}
