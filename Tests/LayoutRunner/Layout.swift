import TestSupport

/// A seeded random sequence of commands that shape a machine.
struct Layout: Codable {
  struct Command: Codable {
    /// What follows `pmemctl`.
    var arguments: [String]
    var isCreate: Bool
  }

  var number: Int
  var commands: [Command]

  /// Layout `number` of a seed, on a machine with these regions.
  ///
  /// Most commands succeed, some cannot (no room, nothing to use at that alignment): those must fail alike.
  init(number: Int, seed: UInt64, labeled: [String], labelless: [String]) {
    var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(number))
    self.number = number
    commands = []
    var names: [String] = []
    for index in 0..<Int.random(in: 3...7, using: &generator) {
      let draw = Int.random(in: 0..<10, using: &generator)
      if draw < 2, let victim = names.randomElement(using: &generator) {
        commands.append(Command(arguments: ["namespace", "destroy", "--force", victim], isCreate: false))
        names.removeAll { $0 == victim }
      } else if draw == 2, let region = labelless.randomElement(using: &generator) {
        let arguments = ["namespace", "create", "--region", region, "--force"] + Self.mode(&generator)
        commands.append(Command(arguments: arguments, isCreate: true))
      } else if draw == 3, let region = labeled.randomElement(using: &generator) {
        commands.append(Command(arguments: ["region", "disable", region], isCreate: false))
        commands.append(Command(arguments: ["region", "enable", region], isCreate: false))
      } else {
        let name = "layout-\(number)-\(index)"
        var arguments =
          ["namespace", "create", "--name", name] + Self.size(&generator) + Self.mode(&generator)
        if Bool.random(using: &generator), let region = labeled.randomElement(using: &generator) {
          arguments += ["--region", region]
        }
        commands.append(Command(arguments: arguments, isCreate: true))
        names.append(name)
      }
    }
  }

  private static func mode(_ generator: inout SeededGenerator) -> [String] {
    let mode = ["fsdax", "devdax", "sector", "raw"].randomElement(using: &generator) ?? "raw"
    var arguments = ["--mode", mode]
    switch mode {
    case "fsdax", "devdax":
      if let map = ["mem", "dev", nil].randomElement(using: &generator) ?? nil {
        arguments += ["--map", map]
      }
      if let align = ["4KiB", "2MiB", "1GiB", nil, nil].randomElement(using: &generator) ?? nil {
        arguments += ["--align", align]
      }
    case "sector":
      if let size = ["512", "520", "528", "4096", "4104", "4160", "4224", nil].randomElement(
        using: &generator) ?? nil
      {
        arguments += ["--sector-size", size]
      }
    default:
      if Bool.random(using: &generator) { arguments += ["--sector-size", "4096"] }
    }
    return arguments
  }

  private static func size(_ generator: inout SeededGenerator) -> [String] {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: ["--size", "max"]
    case 1: ["--size", "\(Int.random(in: 1...60, using: &generator))%"]
    case 2, 3: ["--usable", "\(Int.random(in: 1...700, using: &generator))MiB"]
    case 4: ["--size", "\(Int.random(in: 64...160, using: &generator) * 16)MiB"]
    default: ["--size", "\(Int.random(in: 1...40, using: &generator) * 16)MiB"]
    }
  }
}
