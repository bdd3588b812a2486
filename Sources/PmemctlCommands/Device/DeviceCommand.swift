import ArgumentParser

struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract:
      "Manage DAX devices, for programs or as system RAM.",
    subcommands: [
      DeviceList.self, DeviceShow.self, DeviceCreate.self, DeviceReconfigure.self, DeviceEnable.self,
      DeviceDisable.self,
      DeviceOnline.self, DeviceOffline.self, DeviceDestroy.self,
    ])
}
