using System.Diagnostics.CodeAnalysis;
using ControlPlane.Core.Errors;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>
/// Long work: steps that each take a few milliseconds at most. The writer's loop runs a slice of them in each turn, so that no command waits for
/// all of them. The steps are found as the job goes on: each sees the state of its moment.
/// </summary>
internal abstract class Job(IEnumerable<ResourceKey> steps)
{
    private readonly IEnumerator<ResourceKey> _steps = steps.GetEnumerator();

    /// <summary>The first refusal of the kernel; null if there was none.</summary>
    public Error? Refusal { get; set; }

    /// <summary>Whether a refusal ends the job.</summary>
    protected virtual bool EndsAtRefusal => false;

    /// <summary>Returns the next step; false at the end.</summary>
    public bool TryNext([NotNullWhen(true)] out ResourceKey? step)
    {
        step = (!EndsAtRefusal || Refusal is null) && _steps.MoveNext() ? _steps.Current : null;
        return step is not null;
    }
}

/// <summary>The kernel follows changes of interfaces.</summary>
/// <param name="names">The names of the interfaces.</param>
/// <param name="steps">The steps.</param>
internal class LinkJob(IReadOnlyCollection<string> names, IEnumerable<ResourceKey> steps) : Job(steps)
{
    /// <summary>The names of the interfaces.</summary>
    public IReadOnlyCollection<string> Names => names;
}

/// <summary>The kernel follows the desired state of everything after a start.</summary>
/// <param name="names">The names of all interfaces in use.</param>
/// <param name="steps">The steps.</param>
internal sealed class StartJob(IReadOnlyCollection<string> names, IEnumerable<ResourceKey> steps) : LinkJob(names, steps);

/// <summary>The kernel follows the change of a command, which is stored, or the change that takes it back.</summary>
/// <param name="command">The command, which is answered at the end.</param>
/// <param name="steps">The steps.</param>
/// <param name="cause">The refusal of the kernel because of which this change takes another back; null if it does not.</param>
internal abstract class CommandJob(WriterCommand command, IEnumerable<ResourceKey> steps, Error? cause) : Job(steps)
{
    /// <summary>The command.</summary>
    public WriterCommand Command => command;

    /// <summary>The refusal because of which this change takes another back; null if it does not.</summary>
    public Error? Cause => cause;

    /// <inheritdoc/>
    protected override bool EndsAtRefusal => cause is null;
}

/// <summary>The kernel follows a swap of egress programs.</summary>
/// <param name="command">The command.</param>
/// <param name="swaps">The swap in each devmap.</param>
/// <param name="steps">The steps.</param>
/// <param name="cause">The refusal because of which this swap takes another back.</param>
internal sealed class SwapJob(WriterCommand command, IReadOnlyList<Placement.OfSwap> swaps, IEnumerable<ResourceKey> steps, Error? cause = null)
    : CommandJob(command, steps, cause)
{
    /// <summary>The swap in each devmap.</summary>
    public IReadOnlyList<Placement.OfSwap> Swaps => swaps;
}

/// <summary>The kernel follows the end of many entries, over all devmaps. A deletion that it refuses is tried again later; the entry does not come back.</summary>
/// <param name="command">The command.</param>
/// <param name="placements">The placements of the change.</param>
/// <param name="revision">The revision of the change.</param>
/// <param name="steps">The steps.</param>
internal sealed class EndJob(WriterCommand command, IReadOnlyList<Placement> placements, long revision, IEnumerable<ResourceKey> steps)
    : CommandJob(command, steps, null)
{
    /// <summary>The placements of the change.</summary>
    public IReadOnlyList<Placement> Placements => placements;

    /// <summary>The revision of the change.</summary>
    public long Revision => revision;

    /// <inheritdoc/>
    protected override bool EndsAtRefusal => false;
}

/// <summary>The entries of a devmap follow a change of its settings. An entry that the kernel refuses says so in its status; the change stays.</summary>
/// <param name="command">The command.</param>
/// <param name="devmap">The devmap.</param>
/// <param name="revision">The revision of the change.</param>
/// <param name="steps">The steps.</param>
internal sealed class DevmapJob(WriterCommand command, Placement.OfDevmap devmap, long revision, IEnumerable<ResourceKey> steps) : CommandJob(command, steps, null)
{
    /// <summary>The devmap.</summary>
    public Placement.OfDevmap Devmap => devmap;

    /// <summary>The revision of the change.</summary>
    public long Revision => revision;

    /// <inheritdoc/>
    protected override bool EndsAtRefusal => false;
}

/// <summary>The kernel follows a change of many entries.</summary>
/// <param name="command">The command.</param>
/// <param name="entries">The entries as they stood before and after the change.</param>
/// <param name="revision">The revision of the change.</param>
/// <param name="steps">The steps.</param>
/// <param name="cause">The refusal because of which this change takes another back.</param>
internal sealed class TableJob(
    WriterCommand command, IReadOnlyList<Placement.OfEntry> entries, long revision, IEnumerable<ResourceKey> steps, Error? cause = null)
    : CommandJob(command, steps, cause)
{
    /// <summary>The devmaps of the entries.</summary>
    public IReadOnlyList<DevmapId> Devmaps { get; } = [.. entries.Select(e => e.Devmap).Distinct()];

    /// <summary>The entries as they stood before and after the change.</summary>
    public IReadOnlyList<Placement.OfEntry> Entries => entries;

    /// <summary>The revision of the change.</summary>
    public long Revision => revision;
}

/// <summary>A table is built beside the active one of a devmap. Its command is planned again in the end, and committed then.</summary>
/// <param name="command">The command.</param>
/// <param name="devmap">The devmap.</param>
/// <param name="steps">The steps.</param>
internal sealed class BuildJob(WriterCommand command, DevmapId devmap, IEnumerable<ResourceKey> steps) : CommandJob(command, steps, null)
{
    /// <summary>The devmap.</summary>
    public DevmapId Devmap => devmap;
}
