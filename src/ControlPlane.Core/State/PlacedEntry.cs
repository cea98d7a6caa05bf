using ControlPlane.Core.Entries;

namespace ControlPlane.Core.State;

/// <summary>An entry together with where it stands in the kernel. Immutable; the writer replaces it.</summary>
/// <param name="Record">What is wanted.</param>
/// <param name="KernelKey">Its key in the kernel's map; null while its key names an interface that does not exist.</param>
/// <param name="Failure">Why the kernel does not have it although its interfaces exist; null otherwise.</param>
internal sealed record PlacedEntry(EntryRecord Record, uint? KernelKey, EntryFailure? Failure = null);
