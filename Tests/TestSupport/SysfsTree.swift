public import Foundation

/// A tree of sysfs that is described by a text, a line each: `device BUS PATH` is a directory below /sys/devices that a link of
/// the bus leads to; an indented line is a file of it, `NAME VALUE`, or a link, `NAME -> TARGET`. `#` begins a comment.
public final class SysfsTree {
  /// A device and what is in it.
  public struct Device: Hashable, Sendable {
    public var bus: String
    /// Below /sys/devices.
    public var path: String
    /// Names, which may have a directory, with their values.
    public var files: [(name: String, value: String)]
    public var links: [(name: String, target: String)]

    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    public static func == (left: Device, right: Device) -> Bool { left.path == right.path }
    public func hash(into hasher: inout Hasher) { hasher.combine(path) }

    public init(
      bus: String, path: String, files: [(name: String, value: String)] = [],
      links: [(name: String, target: String)] = []
    ) {
      self.bus = bus
      self.path = path
      self.files = files
      self.links = links
    }
  }

  private let directory: TemporaryDirectory
  public let devices: [Device]
  /// The directory that `sys` is in.
  public var path: String { directory.path }

  /// - Parameter devices: What is written.
  /// - Throws: What the disk says.
  public init(_ devices: [Device]) throws {
    self.devices = devices
    directory = try TemporaryDirectory()
    for device in devices { try write(device) }
  }

  /// - Parameter file: Its text.
  /// - Throws: What the disk says.
  public convenience init(file: URL) throws {
    try self.init(Self.devices(try String(contentsOf: file, encoding: .utf8)))
  }

  /// Reads a description.
  public static func devices(_ text: String) -> [Device] {
    var devices: [Device] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      if words.count == 3, words[0] == "device", !line.hasPrefix(" ") {
        devices.append(Device(bus: words[1], path: words[2]))
      } else if let name = words.first, !devices.isEmpty {
        let value = line.drop { $0 == " " }.dropFirst(name.count + 1)
        if value.hasPrefix("-> ") {
          devices[devices.count - 1].links.append((name, String(value.dropFirst(3))))
        } else {
          devices[devices.count - 1].files.append((name, String(value)))
        }
      }
    }
    return devices
  }

  private func write(_ device: Device) throws {
    let manager = FileManager.default
    let sys = URL(fileURLWithPath: directory.path).appendingPathComponent("sys")
    let own = sys.appendingPathComponent("devices/\(device.path)")
    try manager.createDirectory(at: own, withIntermediateDirectories: true)
    for (name, value) in device.files {
      let url = own.appendingPathComponent(name)
      try manager.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((value + "\n").utf8).write(to: url)
    }
    for (name, target) in device.links {
      try manager.createSymbolicLink(
        atPath: own.appendingPathComponent(name).path, withDestinationPath: "../somewhere/\(target)")
    }
    let bus = sys.appendingPathComponent("bus/\(device.bus)/devices")
    try manager.createDirectory(at: bus, withIntermediateDirectories: true)
    try manager.createSymbolicLink(
      atPath: bus.appendingPathComponent(device.name).path,
      withDestinationPath: "../../../devices/\(device.path)")
  }
}
