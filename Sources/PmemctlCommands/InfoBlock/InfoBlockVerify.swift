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
    let places = try which.places(context, machine)
    let verdicts = places.map { (place: $0, fault: $0.trouble) }
    if output.json {
      let values = verdicts.map { place, fault in
        var object = JSONObject()
        object.add(place.isFile ? "file" : "dev", place.name)
        object.add("mode", place.identity.mode.rawValue)
        object.add("good", fault == nil)
        object.add("reason", fault)
        return JSON.object(object)
      }
      try context.out.write(JSON.array(values).text)
    } else {
      for (place, fault) in verdicts {
        let good = place.identity.block == nil ? "none, it is raw" : "good, \(place.identity.mode)"
        try context.out.write("\(place.name.sanitized): \((fault ?? good).sanitized)\n")
      }
    }
    let bad = verdicts.filter { $0.fault != nil }.map(\.place.name)
    guard bad.isEmpty else {
      throw DeviceError(
        .corrupt, "the kernel would not take the info block of \(bad.joined(separator: ", "))")
    }
  }
}
