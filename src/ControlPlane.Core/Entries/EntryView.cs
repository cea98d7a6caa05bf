namespace ControlPlane.Core.Entries;

/// <summary>An entry as the API shows it.</summary>
/// <param name="Record">What is wanted.</param>
/// <param name="KeyText">The canonical text form of its key.</param>
/// <param name="KernelKey">The key in the kernel's map; null while the key names an interface that does not exist.</param>
/// <param name="Status">What is true.</param>
public sealed record EntryView(EntryRecord Record, string KeyText, uint? KernelKey, EntryStatus Status);
