import ArgumentParser

struct InfoBlockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infoblock",
    abstract: "See and repair the info blocks of namespaces: what makes them fsdax, devdax or sector.",
    subcommands: [InfoBlockRead.self, InfoBlockVerify.self, InfoBlockRepair.self])
}
