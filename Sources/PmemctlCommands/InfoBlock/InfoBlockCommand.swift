import ArgumentParser

struct InfoBlockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infoblock",
    abstract: "Inspect and repair info blocks, which make a namespace fsdax, devdax or sector.",
    subcommands: [InfoBlockRead.self, InfoBlockVerify.self, InfoBlockRepair.self])
}
