// swift-tools-version: 6.2
import PackageDescription

/// What another project writes to plan and simulate persistent memory: the products of pmemctl's package, and nothing else.
let package = Package(
  name: "products",
  dependencies: [
    .package(name: "pmemctl", path: "../.."),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .executableTarget(
      name: "products",
      dependencies: [
        .product(name: "PmemDevice", package: "pmemctl"), .product(name: "PmemMedia", package: "pmemctl"),
        .product(name: "PmemModel", package: "pmemctl"), .product(name: "PmemSim", package: "pmemctl"),
        .product(name: "SystemPackage", package: "swift-system"),
      ])
  ])
