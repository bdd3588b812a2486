import ArgumentParser
import Glibc
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimQemu: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "qemu", abstract: "Print the arguments that attach a simulated machine's DIMMs to a guest.",
    discussion: """
      Prints arguments of QEMU, quoted for the shell, or elements of libvirt's domain XML. The guest works on the \
      images themselves: do not change the machine with pmemctl while it runs.
      """)

  @OptionGroup var which: SimSelection

  @Flag(name: .long, help: "Print elements of libvirt's domain XML instead.")
  var libvirt = false

  @Option(
    name: [.customShort("m"), .long],
    help: ArgumentHelp(
      "Memory of the guest; with another size, addresses differ from the machine's.", valueName: "size"))
  var memory = "4GiB"

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let directory = try which.directory(in: context)
    let memory = try parseBytes(memory, option: "--memory")
    guard memory >= .mebibytes(128), memory.isMultiple(of: 1 << 20) else {
      throw DeviceError(.usage, "--memory: \(memory) is not a whole number of MiB, at least 128")
    }
    let machine = try SimMachine.open(try FilePath(directory).absolute, forWriting: false)
    let devices = QemuDevices(machine, prefix: libvirt ? "ua-" : "")
    guard devices.interleaved.isEmpty else {
      throw DeviceError(
        .unsupported, "QEMU cannot interleave NVDIMMs, as \(devices.interleaved.joined(separator: ", ")) is",
        details: ["a machine whose DIMMs have no set= can be booted"])
    }
    guard !devices.devices.isEmpty else {
      throw DeviceError(.unsupported, "the machine has no DIMM for the guest")
    }
    for range in devices.ranges {
      context.note(
        "an e820 range is the guest's own memory, without this machine's content: give its kernel "
          + "memmap=\(range.size >> 20)M!\(range.base >> 20)M")
    }
    let text = QemuText(devices, memory: memory)
    if libvirt { return try context.out.write(text.libvirt) }
    guard !output.json else {
      return try context.out.write(JSON.array(text.arguments.flatMap { $0 }.map(JSON.string)).text)
    }
    let lines = text.arguments.map { $0.map { "\(ShellWord($0))" }.joined(separator: " ") }
    try context.out.write(lines.joined(separator: "\n") + "\n")
  }
}

extension FilePath {
  /// From the root, so that it means the same to another program.
  fileprivate var absolute: FilePath {
    get throws(DeviceError) {
      guard isRelative else { return self }
      guard let directory = getcwd(nil, 0) else {
        throw DeviceError(
          .failed, "cannot resolve \(self): the working directory is gone", errno: errno)
      }
      defer { free(directory) }
      return FilePath(String(cString: directory)).pushing(self)
    }
  }
}
