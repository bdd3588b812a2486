import ArgumentParser

struct NamespaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "namespace", abstract: "Create, inspect, change and destroy namespaces.",
    subcommands: [
      NamespaceList.self, NamespaceShow.self, NamespaceCreate.self, NamespaceEnable.self,
      NamespaceDisable.self, NamespaceReconfigure.self, NamespaceRename.self, NamespaceCheck.self,
      NamespaceClearErrors.self, NamespaceInjectError.self, NamespaceDestroy.self,
    ], aliases: ["ns"])
}
