import ArgumentParser

struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract:
      "See and change DAX devices: what devdax namespaces give to programs, or to the kernel as its memory.",
    subcommands: [
      DeviceList.self, DeviceCreate.self, DeviceReconfigure.self, DeviceEnable.self, DeviceDisable.self,
      DeviceOnline.self, DeviceOffline.self, DeviceDestroy.self,
    ])
}
