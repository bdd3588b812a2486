import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct InfoBlockVerify: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check whether this kernel would accept info blocks; nothing is written."
  )

  @OptionGroup var which: InfoBlockSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let locations = try which.locations(context, machine)
    let verdicts = locations.map { (location: $0, fault: $0.trouble) }
    if output.json {
      let values = verdicts.map { location, fault in
        var object = JSONObject()
        object.add(location.isFile ? "file" : "dev", location.name)
        object.add("mode", location.identity.mode.rawValue)
        object.add("good", fault == nil)
        object.add("reason", fault)
        return JSON.object(object)
      }
      try context.out.write(JSON.array(values).text)
    } else {
      for (location, fault) in verdicts {
        let good = location.identity.block == nil ? "none, it is raw" : "good, \(location.identity.mode)"
        try context.out.write("\(location.name.sanitized): \((fault ?? good).sanitized)\n")
      }
    }
    let bad = verdicts.filter { $0.fault != nil }.map(\.location.name)
    guard bad.isEmpty else {
      throw DeviceError(
        .corrupt, "the kernel would refuse the info block of \(bad.joined(separator: ", "))")
    }
  }
}
