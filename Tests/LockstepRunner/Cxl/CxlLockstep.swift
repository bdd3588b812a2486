import PmemDevice
import PmemInspect
import PmemNdctl
import PmemSim
import SystemPackage

/// Regions of CXL on a kernel and on a simulated machine like it. Namespaces are left out: the seed that a new region has
/// beside those that its labels name depends on which of the kernel's workers is first
/// (namespace_devs.c:nd_region_register_namespaces).
struct CxlLockstep {
  private var machines: Lockstep
  private var regions: CxlOperations
  private(set) var history: [String] = []
  private(set) var changes = 0
  private(set) var refused = 0

  /// Removes the regions that there are, and makes a machine like this one in `directory`.
  init(_ directory: String, seed: UInt64) throws {
    let kernel = NdctlBackend()
    let inspector = HostInspector()
    for region in inspector.cxlTopology().regions.reversed() {
      try kernel.perform(.destroyCxlRegion(region.dev))
    }
    var found = try kernel.inventory(.planning)
    found.cxl = inspector.cxlTopology()
    for note in try SimMachine.importing(
      found, to: FilePath(directory), profile: KernelProfile(nearest: found.host.kernelRelease))
    { say("# \(note)") }
    machines = try Lockstep(
      kernel: kernel, simulated: SimBackend(try SimMachine.open(FilePath(directory), forWriting: true)),
      cxl: { inspector.cxlTopology() })
    regions = CxlOperations(seed: seed)
  }

  mutating func differences() throws -> [String] { try machines.differences() }

  /// The next creation or removal.
  ///
  /// - Returns: The differences that it makes.
  mutating func next() throws -> [String] {
    let step = regions.next(machines.inventory.cxl)
    let (isDone, differences) = try machines.perform(step)
    changes += 1
    if !isDone { refused += 1 }
    history.append("\(changes) \(step)\(isDone ? "" : " (refused)")")
    return differences
  }
}
