//! Entry point of the command.

fn main() -> std::process::ExitCode {
    fivenines::command()
}
