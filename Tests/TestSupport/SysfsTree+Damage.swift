public import Foundation

extension SysfsTree {
  /// A damaged tree: things are missing, values are odd, and links of the bus lead to themselves, elsewhere or into a circle.
  ///
  /// - Parameters:
  ///   - file: Of the tree that is damaged.
  ///   - random: The same numbers give the same tree.
  /// - Throws: What the disk says.
  public convenience init(damaging file: URL, by random: inout SeededGenerator) throws {
    var devices = Self.devices(try String(contentsOf: file, encoding: .utf8))
    for _ in 0..<Int.random(in: 1...12, using: &random) { Self.damage(&devices, &random) }
    try self.init(devices)
    for _ in 0..<Int.random(in: 0...4, using: &random) { try Self.relink(self, &random) }
  }

  private static let oddValues = [
    "", "0x", "0xffffffffffffffff", "0x10000000000000000", "-1", "+3", "-0x5", "18446744073709551615", "abc",
    "0x7fffffffffffffff",
    "1 2", "99999999999999999999999", "\u{1b}[2J", "../../..", "\u{FFFD}", "0", "17", "region99",
    "decoder0.0", "mem0",
  ]

  private static func damage(_ devices: inout [SysfsTree.Device], _ random: inout SeededGenerator) {
    guard let index = devices.indices.randomElement(using: &random) else { return }
    let value = oddValues.randomElement(using: &random) ?? ""
    switch Int.random(in: 0..<5, using: &random) {
    case 0: devices.remove(at: index)
    case 1 where !devices[index].files.isEmpty:
      devices[index].files.remove(at: Int.random(in: 0..<devices[index].files.count, using: &random))
    case 2 where !devices[index].links.isEmpty:
      let link = Int.random(in: 0..<devices[index].links.count, using: &random)
      devices[index].links[link].target = value
    default:
      guard !devices[index].files.isEmpty else { return }
      devices[index].files[Int.random(in: 0..<devices[index].files.count, using: &random)].value = value
    }
  }

  /// A link of the bus leads to itself, to the bus's own directory, nowhere, or to a device of another name.
  private static func relink(_ tree: SysfsTree, _ random: inout SeededGenerator) throws {
    let bus = tree.path + "/sys/bus/cxl/devices"
    let names = try FileManager.default.contentsOfDirectory(atPath: bus).sorted()
    guard let name = names.randomElement(using: &random) else { return }
    let targets = [name, "../devices", "nowhere", "../../../devices/\(name)/\(name)/\(name)", names[0]]
    try FileManager.default.removeItem(atPath: "\(bus)/\(name)")
    try FileManager.default.createSymbolicLink(
      atPath: "\(bus)/\(name)", withDestinationPath: targets.randomElement(using: &random) ?? name)
    let odd = [
      "mem", "mem-1", "mem00", "mem99999999999", "decoder", "decoder1", "decoder1.2.3",
      "decoder99999999999.1", "root",
    ]
    let other = odd.randomElement(using: &random) ?? "mem"
    try? FileManager.default.createSymbolicLink(
      atPath: "\(bus)/\(other)", withDestinationPath: "../../../devices/x/\(other)")
  }
}
