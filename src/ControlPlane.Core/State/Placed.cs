using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>An entry together with where it stands in the kernel. Immutable; the writer replaces it.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="KernelKey">Its key in the kernel's map; null while its key names an interface that does not exist.</param>
/// <param name="Failure">Why the kernel does not have it although its interfaces exist; null otherwise.</param>
internal sealed record PlacedEntry(EntryRecord Record, uint? KernelKey, PlacementFailure? Failure = null)
{
    /// <summary>When the daemon saw the entry come into the kernel, leave it, or fail; in UTC. One word per entry, and not stored.</summary>
    public DateTime Since { get; init; }
}

/// <summary>Why a resource could not be brought into the kernel.</summary>
/// <param name="Reason">A stable PascalCase code.</param>
/// <param name="Message">A sentence for people, with errno where there is one.</param>
/// <param name="Remedy">The way out.</param>
/// <param name="Errno">The kernel's errno, positive; null where the kernel was not asked.</param>
internal sealed record PlacementFailure(string Reason, string Message, Remedy? Remedy, int? Errno = null)
{
    /// <summary>Returns the failure for a refusal of the catalogue.</summary>
    public static PlacementFailure Of(Error error) => new(
        error.Code switch
        {
            ErrorCode.AttachConflict => nameof(ErrorCode.AttachConflict),
            ErrorCode.InterfaceUnsuitable => nameof(ErrorCode.InterfaceUnsuitable),
            _ => "KernelRefused",
        },
        error.Detail,
        error.Remedy,
        error.Errno);
}

/// <summary>An attachment: its desired state and how it stands.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="Link">The link, while it is alive.</param>
/// <param name="Failure">Why the kernel refuses it; null when it does not, or the interface does not exist.</param>
internal sealed record PlacedAttachment(AttachmentRecord Record, DevmapLink? Link, PlacementFailure? Failure)
{
    /// <summary>When the daemon saw the program come to the interface, leave it, or be refused.</summary>
    public DateTimeOffset Since { get; init; }
}

/// <summary>An egress program as it stands.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="Loaded">The program in the kernel.</param>
/// <param name="Entries">How many entries carry it.</param>
internal sealed record PlacedProgram(EgressProgramRecord Record, LoadedProgram Loaded, int Entries)
{
    /// <summary>When the program was loaded, or adopted.</summary>
    public DateTimeOffset Since { get; init; }
}

/// <summary>A lease as it stands. Its time is in the <see cref="LeaseClock"/>.</summary>
/// <param name="Record">The desired state.</param>
/// <param name="Entries">How many entries name it.</param>
internal sealed record PlacedLease(LeaseRecord Record, int Entries);

/// <summary>An interface on which a pass program must run, so that a target accepts redirected frames.</summary>
/// <param name="Program">The pass program there; null when the kernel refuses it.</param>
/// <param name="Failure">Why it does; null otherwise.</param>
internal sealed record PlacedPassProgram(PassProgram? Program, PlacementFailure? Failure)
{
    /// <summary>When the program was attached, or refused.</summary>
    public DateTimeOffset Since { get; init; }
}

/// <summary>An interface that the daemon made promiscuous, or could not make promiscuous.</summary>
/// <param name="Interface">The name it had then.</param>
/// <param name="IsOurs">Whether the daemon set its flag. The store has these: the flag outlives the daemon.</param>
/// <param name="Failure">Why the kernel refuses to set or to clear the flag; null if it does not.</param>
internal sealed record PlacedPromiscuity(string Interface, bool IsOurs, PlacementFailure? Failure = null);

/// <summary>An interface whose entries carry different egress programs. Only adopted entries can disagree.</summary>
/// <param name="Programs">A description of the programs and their entries.</param>
/// <param name="Since">When the daemon saw the disagreement begin.</param>
internal sealed record ProgramConflict(string Programs, DateTimeOffset Since);
