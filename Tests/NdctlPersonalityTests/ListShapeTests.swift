import Testing

@testable import NdctlPersonality

/// The rule of shapes of `ndctl list`, one row a situation.
@Suite struct ListShapeTests {
  private static func object(_ name: String) -> LibraryObject {
    var object = LibraryObject()
    object.add("dev", name)
    return object
  }

  /// `bus`, `dimms`, `regions` with their namespaces, and namespaces beside them.
  struct Row: Sendable, CustomTestStringConvertible {
    let title: String
    var bus: String?
    var dimms: [String] = []
    var regions: [(String, [String])] = []
    var namespaces: [String] = []
    var collapses = false
    let shape: String?

    var testDescription: String { title }
  }

  static let rows = [
    Row(title: "nothing prints nothing", shape: nil),
    Row(title: "namespaces alone are an array", namespaces: ["n0", "n1"], shape: "[n0 n1]"),
    Row(title: "one element is an array too", namespaces: ["n0"], shape: "[n0]"),
    Row(title: "but for people", namespaces: ["n0"], collapses: true, shape: "n0"),
    Row(title: "dimms alone", dimms: ["d0"], shape: "[d0]"),
    Row(
      title: "regions whose last one has no namespaces", regions: [("r1", ["n1"]), ("r0", [])],
      shape: "[r1[n1] r0]"),
    Row(
      title: "regions whose last one has namespaces", regions: [("r1", []), ("r0", ["n0"])],
      shape: "{regions: [r1 r0[n0]]}"),
    Row(
      title: "dimms and regions", dimms: ["d0"], regions: [("r0", [])], shape: "{dimms: [d0], regions: [r0]}"),
    Row(
      title: "dimms and namespaces", dimms: ["d0"], namespaces: ["n0"],
      shape: "{dimms: [d0], namespaces: [n0]}"),
    Row(
      title: "an object for people too", dimms: ["d0"], namespaces: ["n0"], collapses: true,
      shape: "{dimms: [d0], namespaces: [n0]}"),
    Row(
      title: "a bus has all inside", bus: "b0", dimms: ["d0"], regions: [("r0", ["n0"])],
      shape: "[b0{dimms: [d0], regions: [r0[n0]]}]"),
    Row(
      title: "a bus without regions has namespaces", bus: "b0", namespaces: ["n0"],
      shape: "[b0{namespaces: [n0]}]"),
    Row(title: "one bus for people", bus: "b0", collapses: true, shape: "b0"),
  ]

  @Test(arguments: rows) func theShapeFollowsFromWhatIsListed(row: Row) {
    let listed = ListedBus(
      bus: row.bus.map(Self.object), dimms: row.dimms.map(Self.object),
      regions: row.regions.map { ListedRegion(region: Self.object($0.0), namespaces: $0.1.map(Self.object)) },
      namespaces: row.namespaces.map(Self.object))
    let shape = ListShape.arrange([listed], collapses: row.collapses)
    #expect(shape.map(Self.words) == row.shape)
  }

  @Test func withoutBusesTheKindsOfAllBusesAreOne() {
    let first = ListedBus(dimms: [Self.object("d0")], regions: [ListedRegion(region: Self.object("r0"))])
    let second = ListedBus(regions: [ListedRegion(region: Self.object("r1"))])
    #expect(
      ListShape.arrange([first, second], collapses: false).map(Self.words)
        == "{dimms: [d0], regions: [r0 r1]}")
  }

  /// A value in a short form: names, brackets and keys.
  private static func words(_ value: LibraryJSON) -> String {
    switch value {
    case .array(let elements): return "[" + elements.map(words).joined(separator: " ") + "]"
    case .object(let object):
      guard case .text(let name)? = object.members.first(where: { $0.key == "dev" })?.value else {
        return "{" + object.members.map { "\($0.key): \(words($0.value))" }.joined(separator: ", ") + "}"
      }
      let rest = object.members.dropFirst()
      if rest.isEmpty { return name }
      if rest.count == 1, rest.first?.key == "namespaces", let only = rest.first, name.hasPrefix("r") {
        return name + words(only.value)
      }
      return name + "{" + rest.map { "\($0.key): \(words($0.value))" }.joined(separator: ", ") + "}"
    default: return value.printed
    }
  }

  @Test(arguments: [
    ("", "N"), ("-b x", "B"), ("-r x", "R"), ("-d x", "D"), ("-b x -d x", "BD"), ("-n x", "N"), ("-RN", "RN"),
    ("-v", "N"), ("-R -v", "RN"), ("-vv", "BDRN"), ("-vvv", "BDRN"), ("-X", "N"), ("-b x -N", "N"),
  ])
  func whatIsListedFollowsFromTheOptions(line: String, kinds: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let selection = ListSelection(try OptionParser(ListCommand.command.options).parse(words), lint: false)
    let shown =
      (selection.buses ? "B" : "") + (selection.dimms ? "D" : "") + (selection.regions ? "R" : "")
      + (selection.namespaces ? "N" : "")
    #expect(shown == kinds)
    #expect(selection.onlyDevdax == (line == "-X"))
  }
}
