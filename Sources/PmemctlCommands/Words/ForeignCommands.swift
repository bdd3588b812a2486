import PmemDevice

/// The commands of ndctl, daxctl, cxl and ipmctl, and of the tools that one would look for users with.
enum ForeignCommands {
  private static let namespaceFilter = "r|region=--region b|bus=--bus v|verbose"

  /// By tool; the first tool with a command of a name has it.
  static let tools: [(name: String, commands: [ForeignCommand])] = [
    ("ndctl", ndctl), ("daxctl", daxctl), ("cxl", cxl), ("ipmctl", ipmctl), ("lsof", lookers),
    ("fuser", lookers),
  ]

  private static let ndctl = [
    ForeignCommand(
      "list", "namespace list",
      namespaceFilter
        + " n|namespace=@ m|mode=--mode d|dimm=dimm.list i|idle:--idle B|buses:bus.list D|dimms:dimm.list "
        + "R|regions:region.list N|namespaces:namespace.list X|device-dax:device.list H|health:dimm.health "
        + "F|firmware:dimm.list C|capabilities:bus.list M|media-errors:doctor c|configured t|type= u|human "
        + "U|numa-node="),
    ForeignCommand(
      "create-namespace", "namespace create",
      namespaceFilter
        + " e|reconfig=namespace.reconfigure u|uuid=--uuid n|name=--name s|size=--size m|mode=--mode M|map=--map "
        + "l|sector-size=--sector-size t|type= a|align=--align f|force:--force L|autolabel c|continue:--each-region "
        + "R|autorecover"),
    ForeignCommand("enable-namespace", "namespace enable", namespaceFilter),
    ForeignCommand("disable-namespace", "namespace disable", namespaceFilter + " f|force"),
    ForeignCommand("destroy-namespace", "namespace destroy", namespaceFilter + " f|force:--force"),
    ForeignCommand(
      "check-namespace", "namespace check",
      "r|region= b|bus= R|repair:--repair L|rewrite-log:--rewrite-log f|force:--force"
    ),
    ForeignCommand("clear-errors", "namespace clear-errors", namespaceFilter + " s|scrub"),
    ForeignCommand(
      "read-infoblock", "infoblock read",
      "i|input=--file V|verify:infoblock.verify j|json:--json u|human o|output="),
    ForeignCommand("write-infoblock", "infoblock repair"),
    ForeignCommand("enable-region", "region enable", "b|bus= t|type="),
    ForeignCommand("disable-region", "region disable", "b|bus= t|type="),
    ForeignCommand("enable-dimm", "dimm enable", "b|bus="),
    ForeignCommand("disable-dimm", "dimm disable", "b|bus="),
    ForeignCommand(
      "read-labels", "label read", "b|bus= s|size= O|offset= o|output=--output j|json:--json I|index u|human"),
    ForeignCommand("write-labels", "label write", "b|bus= s|size= O|offset= i|input=--input"),
    ForeignCommand("zero-labels", "label zero", "b|bus= s|size= O|offset="),
    ForeignCommand("init-labels", "label init", "b|bus= f|force:--force V|label-version=--label-version"),
    ForeignCommand("check-labels", "label check", "b|bus="),
    ForeignCommand(
      "inject-error", "namespace inject-error",
      "r|region= b|bus= B|block=--block n|count=--count N|no-notify:--silent d|uninject:--withdraw t|status:--list "
        + "S|saturate u|human"),
    ForeignCommand(
      "inject-smart", "dimm inject-smart",
      "b|bus= m|media-temperature=--media-temperature c|ctrl-temperature=--controller-temperature s|spares=--spares "
        + "f|fatal:--fatal U|unsafe-shutdown:--dirty-shutdown N|uninject-all:--withdraw u|human"),
    ForeignCommand("start-scrub", "bus scrub start"),
    ForeignCommand("wait-scrub", "bus scrub wait"),
    ForeignCommand("setup-passphrase", "dimm security setup", "k|key-handle=--key-handle"),
    ForeignCommand("update-passphrase", "dimm security update", "k|key-handle=--key-handle"),
    ForeignCommand("remove-passphrase", "dimm security remove"),
    ForeignCommand("freeze-security", "dimm security freeze"),
    ForeignCommand(
      "sanitize-dimm", "dimm security erase", "c|crypto-erase o|overwrite:dimm.security.overwrite"),
    ForeignCommand("wait-overwrite", "dimm security wait"),
    ForeignCommand("load-keys", "keys load", "p|key-path=--keys t|tpm-handle="),
    ForeignCommand(
      "update-firmware", "dimm firmware update",
      "b|bus= f|firmware=--image A|arm:dimm.firmware.arm D|disarm:dimm.firmware.disarm i|force:--abandon-open"
    ),
    ForeignCommand("activate-firmware", "dimm firmware activate"),
    ForeignCommand("monitor", "monitor"),
  ]

  private static let daxctl = [
    ForeignCommand(
      "list", "device list", "r|region= d|dev=@ D|devices R|regions M|mappings i|idle u|human"),
    ForeignCommand(
      "create-device", "device create", "r|region=--region s|size=--size a|align=--align u|human"),
    ForeignCommand("destroy-device", "device destroy", "r|region= f|force:--force u|human"),
    ForeignCommand(
      "reconfigure-device", "device reconfigure",
      "r|region= m|mode=--mode s|size=--size N|no-online:--no-online f|force:--force no-movable:--no-movable u|human "
        + "a|align= C|check-config"),
    ForeignCommand("online-memory", "device online", "r|region= no-movable:--no-movable u|human"),
    ForeignCommand("offline-memory", "device offline", "r|region= u|human"),
    ForeignCommand("enable-device", "device enable", "r|region= u|human"),
    ForeignCommand("disable-device", "device disable", "r|region= u|human"),
  ]

  private static let cxl = [
    ForeignCommand(
      "list", "dimm list",
      "M|memdevs R|regions:region.list m|memdev=@ r|region=region.list D|decoders:status P|ports:status "
        + "B|buses:status E|endpoints:status T|targets:status v|verbose"),
    ForeignCommand("disable-memdev", "dimm disable"),
    ForeignCommand("enable-memdev", "dimm enable"),
    ForeignCommand("disable-region", "region disable", "d|decoder= b|bus= f|force"),
    ForeignCommand("enable-region", "region enable", "d|decoder= b|bus="),
    ForeignCommand(
      "create-region", "region create",
      "t|type=--type d|decoder=--window w|ways= g|granularity=--granularity s|size=--size m|memdevs U|uuid=--uuid "
        + "b|bus= Q|qos-class="),
    ForeignCommand("destroy-region", "region destroy", "d|decoder= b|bus= f|force"),
    ForeignCommand("read-labels", "label read"),
    ForeignCommand("zero-labels", "label zero"),
  ]

  private static let ipmctl = [
    ForeignCommand("show", "dimm list", "dimm:dimm.list region:region.list topology:status"),
    ForeignCommand("create", "layout plan"),
    ForeignCommand("load", "layout apply"),
    ForeignCommand("dump", "layout export"),
  ]

  private static let lookers = [ForeignCommand("", "user list")]

  /// The translation of another tool's command line.
  ///
  /// - Parameters:
  ///   - arguments: Such as `destroy-namespace all -f`, with or without the name of its tool before it.
  ///   - isKnown: Whether a command line is understood here.
  /// - Returns: The foreign command that was recognised, the command line here, and its own; nil if it is none.
  static func meaning(
    of arguments: [String], isKnown: ([String]) -> Bool
  ) -> (foreign: String, words: [String], own: [String])? {
    guard let first = arguments.first else { return nil }
    let tool = tools.first { $0.name == first }
    let rest = tool == nil ? arguments : Array(arguments.dropFirst())
    let name = rest.first ?? ""
    // `list` alone is a verb of several nouns.
    let isBareList = name == "list" && rest.count > 1 && rest[1].hasPrefix("-")
    let commands =
      tool?.commands
      ?? tools.prefix(3).flatMap(\.commands).filter {
        $0.name.contains("-") || $0.name == "monitor" || isBareList
      }
    if let command = commands.first(where: { $0.name.isEmpty }) {
      return command.translated(rest, isKnown: isKnown).map { (first, $0, arguments) }
    }
    // Letter by letter, or nearly.
    guard
      let command = commands.first(where: { $0.name == name })
        ?? (name.contains("-") ? NearestWord.of(name, among: commands.map(\.name)) : nil).flatMap({ near in
          commands.first { $0.name == near }
        })
    else { return nil }
    let foreign = (tool.map { "\($0.name) " } ?? "") + command.name
    let owner = tool ?? tools.first { tool in tool.commands.contains { $0.name == command.name } }
    let own = [owner?.name ?? "ndctl", command.name] + rest.dropFirst()
    return command.translated(Array(rest.dropFirst()), isKnown: isKnown).map { (foreign, $0, own) }
  }
}
