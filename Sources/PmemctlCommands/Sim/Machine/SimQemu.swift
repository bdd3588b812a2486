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

  @Flag(name: .long, help: "Attach them as virtio-pmem devices, which have no labels.")
  var virtio = false

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
    let cxl = QemuCxl(devices)
    guard !devices.devices.isEmpty || !cxl.isEmpty && !libvirt else {
      throw DeviceError(.unsupported, "the machine has no DIMM for the guest")
    }
    if virtio { try checkVirtio(devices) }
    for range in devices.ranges {
      context.note(
        "an e820 range is the guest's own memory, without this machine's content: boot its kernel with "
          + "memmap=\(range.size >> 20)M!\(range.base >> 20)M")
    }
    for note in libvirt ? [] : cxl.notes { context.note(note) }
    if libvirt, !cxl.isEmpty { context.note("libvirt has no CXL memory devices: they are left out") }
    let text = QemuText(devices, memory: memory, kind: virtio ? .virtio : .nvdimm)
    if libvirt { return try context.out.write(text.libvirt) }
    guard !output.json else {
      return try context.out.write(JSON.array(text.arguments.flatMap { $0 }.map(JSON.string)).text)
    }
    let lines = text.arguments.map { $0.map { "\(ShellWord($0))" }.joined(separator: " ") }
    try context.out.write(lines.joined(separator: "\n") + "\n")
  }

  /// Refuses what a guest would see differently: without its labels, a region is one namespace.
  ///
  /// QEMU places one device behind the other, at multiples of the images' page size; the kernel maps memory at multiples of
  /// 2 MiB (include/linux/mmzone.h:SUBSECTION_SHIFT).
  private func checkVirtio(_ devices: QemuDevices) throws(DeviceError) {
    for (slot, device) in devices.devices.enumerated() {
      guard device.labelArea == 0 else {
        throw DeviceError(
          .unsupported,
          "cannot attach nmem\(slot) as a virtio-pmem device: it has a label area, and virtio-pmem has none",
          details: ["DIMMs that are created with labels=none can be attached like that"])
      }
      guard device.size.isMultiple(of: 2 << 20) else {
        throw DeviceError(
          .unsupported,
          "cannot attach nmem\(slot) as a virtio-pmem device: \(ByteCount(device.size)) is not a multiple of 2 MiB",
          details: ["the guest could not map the device behind it"])
      }
    }
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
