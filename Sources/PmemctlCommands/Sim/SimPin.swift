import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimPin: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Have a process of a simulated machine take references to its memory.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "An address in a mapping (0x...), or the device or file that it has mapped once.")
  var place: String

  @Option(name: .long, help: ArgumentHelp("Where in the mapping to begin.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("How much; by default to the mapping's end.", valueName: "size"))
  var length: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "By what: \(SimPinKind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
  var kind = SimPinKind.ioUring.rawValue

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard let kind = SimPinKind(rawValue: kind) else {
      throw DeviceError(
        .usage, "--kind: \"\(kind)\" is not known",
        details: ["there is: \(SimPinKind.allCases.map(\.rawValue).joined(separator: ", "))"])
    }
    let offset = try parseBytes(offset, option: "--offset").rawValue
    let length = try parseLength(length)
    let machine = try which.open(in: context, forWriting: true)
    let start = try address(SimBackend(machine))
    let (address, overflow) = start.addingReportingOverflow(offset)
    guard !overflow else { throw DeviceError(.usage, "--offset: there is no such address") }
    let id = try SimWorkload(machine).pin(pid, at: address, length: length, kind: kind)
    var object = JSONObject()
    object.add("pin", id)
    object.add("pid", pid)
    object.add("kind", kind.rawValue)
    object.add("start", address)
    try context.out.write(output.json ? JSON.object(object).text : "\(id)\n")
  }

  /// An address as it is; a name means its mapping.
  private func address(_ backend: SimBackend) throws(DeviceError) -> UInt64 {
    if place.hasPrefix("0x") { return try parseAddress(place) }
    let filter = try UseFilter([place], try backend.inventory(.listing), isSimulated: true)
    let own = try backend.mappings(pid: pid, interface: nil).mappings.filter {
      filter.accepts(namespaces: $0.namespaces, path: $0.path) || $0.path.text == place
    }
    guard let first = own.first else {
      throw DeviceError(
        .notFound, "process \(pid) has not mapped \(place)", try: ["pmemctl sim map \(pid) \(place)"])
    }
    guard own.count == 1 else {
      throw DeviceError(
        .ambiguous, "process \(pid) has mapped \(place) \(own.count) times: name the address",
        details: own.map { "0x\(String($0.start, radix: 16))" })
    }
    return first.start
  }
}
