using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>An entry together with where it stands in the kernel. Immutable; the writer replaces it.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="KernelKey">Its key in the kernel's map; null while its key names an interface that does not exist.</param>
/// <param name="Failure">Why the kernel does not have it although its interfaces exist; null otherwise.</param>
internal sealed record PlacedEntry(EntryRecord Record, uint? KernelKey, EntryFailure? Failure = null);

/// <summary>Why an accepted entry could not be brought into the kernel.</summary>
/// <param name="Reason">A stable CamelCase code.</param>
/// <param name="Message">A sentence for people, with errno where there is one.</param>
/// <param name="Remedy">The way out.</param>
internal sealed record EntryFailure(string Reason, string Message, Remedy? Remedy);

/// <summary>An attachment: its desired state and how it stands.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="Link">The link, while it is alive.</param>
/// <param name="Failure">Why the kernel refuses it; null when it does not, or the interface does not exist.</param>
internal sealed record PlacedAttachment(AttachmentRecord Record, DevmapLink? Link, string? Failure);

/// <summary>An egress program as it stands.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="Loaded">The program in the kernel.</param>
/// <param name="Entries">How many entries carry it.</param>
internal sealed record PlacedProgram(EgressProgramRecord Record, LoadedProgram Loaded, int Entries);

/// <summary>An interface on which a pass program must run, so that a target accepts redirected frames.</summary>
/// <param name="Program">The pass program there; null when the kernel refuses it.</param>
/// <param name="Failure">Why it does; null otherwise.</param>
internal sealed record PlacedPassProgram(PassProgram? Program, string? Failure);
