//! The scenarios are embedded in the program: a new file there must make it be built again.

fn main() {
    println!("cargo::rerun-if-changed=../scenarios");
}
