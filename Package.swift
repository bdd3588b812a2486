// swift-tools-version: 6.2
import PackageDescription

/// Every target is built alike: Swift 6 language mode, warnings are errors.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], extra: [SwiftSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + extra)
}

func support(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

func runner(_ name: String, _ directory: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Tests/\(directory)", swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclusions[name] ?? [], swiftSettings: settings)
}

/// Golden files and recordings are read where they are, not copied into a bundle.
let exclusions = ["PmemctlCommandsTests": ["Golden", "Fixtures"]]

let package = Package(
  name: "pmemctl",
  products: [
    .executable(name: "pmemctl", targets: ["pmemctl"]),
    // For programs of others: plans, media, the memory model and simulated machines. Tests/Products uses nothing else.
    .library(name: "PmemDevice", targets: ["PmemDevice"]),
    .library(name: "PmemMedia", targets: ["PmemMedia"]),
    .library(name: "PmemModel", targets: ["PmemModel"]),
    .library(name: "PmemSim", targets: ["PmemSim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // C: nothing but what Swift cannot say for itself.
    .systemLibrary(name: "CNdctl", pkgConfig: "libndctl", providers: [.apt(["libndctl-dev"])]),
    .systemLibrary(name: "CDaxctl", pkgConfig: "libdaxctl", providers: [.apt(["libdaxctl-dev"])]),
    .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
    .systemLibrary(name: "CBlkid", pkgConfig: "blkid", providers: [.apt(["libblkid-dev"])]),
    .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "CPmemShims", dependencies: ["CNdctl", "CDaxctl", "CMnl"]),
    .target(name: "CPmemBPF"),

    // The layers, lowest first. An arrow only ever points upwards in this list.
    module("PmemDevice"),
    module("PmemMedia", ["PmemDevice"]),
    module("PmemModel", ["PmemDevice"]),
    module("PmemLayout", ["PmemDevice", "CYaml"]),
    module("PmemOutput"),
    module("PmemSim", ["PmemDevice", "PmemMedia", "PmemModel", systemPackage]),
    module(
      "PmemNdctl", ["PmemDevice", "PmemMedia", "CNdctl", "CDaxctl", "CPmemShims"],
      extra: [.strictMemorySafety()]),
    module(
      "PmemInspect", ["PmemDevice", "PmemMedia", "CBlkid", "CPmemShims", "CPmemBPF", systemPackage]),
    module(
      "PmemctlCommands",
      [
        "PmemDevice", "PmemMedia", "PmemModel", "PmemLayout", "PmemOutput", "PmemSim", "PmemNdctl",
        "PmemInspect",
        argumentParser,
        systemPackage,
      ]),
    module(
      "NdctlPersonality",
      ["PmemDevice", "PmemMedia", "PmemOutput", "PmemInspect", "PmemctlCommands", systemPackage]),
    .executableTarget(
      name: "pmemctl", dependencies: ["NdctlPersonality", "PmemctlCommands"], swiftSettings: settings),

    // Tests, and the programs that run them where SwiftPM cannot: inside the VM.
    support("TestSupport", ["PmemOutput"]),
    support("DamagedMedia", ["PmemDevice", "PmemMedia", "TestSupport"]),
    support("BackendConformance", ["PmemDevice", "PmemSim"]),
    .target(name: "ConformanceStage", path: "Tests/ConformanceStage"),
    runner(
      "pmemctl-conformance", "ConformanceRunner",
      ["BackendConformance", "ConformanceStage", "PmemDevice", "PmemSim", "PmemctlCommands", systemPackage]),
    runner(
      "pmemctl-layouts", "LayoutRunner", ["PmemDevice", "PmemSim", "TestSupport", systemPackage]),
    runner(
      "pmemctl-lockstep", "LockstepRunner",
      ["DamagedMedia", "PmemDevice", "PmemInspect", "PmemNdctl", "PmemSim", "TestSupport", systemPackage]),
    runner(
      "pmemctl-model", "ModelRunner",
      ["PmemDevice", "PmemModel", "PmemSim", "TestSupport", systemPackage]),
    runner("pmemctl-model-example", "ModelExample", ["PmemDevice", "PmemModel"]),
    runner("pmemctl-mutation", "MutationRunner", ["DamagedMedia", "TestSupport"]),
    tests("PmemDeviceTests", ["PmemDevice", "TestSupport"]),
    tests("PmemMediaTests", ["PmemDevice", "PmemMedia", "TestSupport"]),
    tests("PmemModelTests", ["PmemDevice", "PmemModel", "TestSupport", "pmemctl-model-example"]),
    tests("PmemOutputTests", ["PmemOutput", "TestSupport"]),
    tests(
      "PmemSimTests",
      ["BackendConformance", "PmemDevice", "PmemMedia", "PmemModel", "PmemSim", "TestSupport", systemPackage]),
    tests("PmemInspectTests", ["PmemDevice", "PmemInspect", "TestSupport", systemPackage]),
    tests(
      "PmemctlCommandsTests",
      [
        "PmemDevice", "PmemInspect", "PmemLayout", "PmemMedia", "PmemModel", "PmemOutput", "PmemSim",
        "PmemctlCommands",
        "TestSupport", argumentParser, systemPackage,
      ]),
    tests(
      "NdctlPersonalityTests",
      ["NdctlPersonality", "PmemDevice", "PmemOutput", "PmemctlCommands", "TestSupport", systemPackage]),
    tests("CLITests", ["TestSupport"]),
  ]
)

// For `make docs` alone: a build of the program, or of a program on its libraries, needs no plugin.
if Context.environment["PMEMCTL_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
