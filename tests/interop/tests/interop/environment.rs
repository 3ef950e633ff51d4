//! A program of its own, whose environment is the test's to choose.

use tokio::process::Command;
use ws_interop::in_time;

/// What a program says that connects to this URL with these variables set, and no others.
pub(crate) async fn in_environment(url: &str, variables: &[(&str, String)]) -> String {
    let program = env!("CARGO_BIN_EXE_environment");
    let variables = variables.iter().map(|(name, value)| (name, value));
    let output = Command::new(program).arg(url).env_clear().envs(variables).kill_on_drop(true).output();
    let output = in_time(output).await.unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}
