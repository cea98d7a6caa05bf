using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>One change of the kernel, as data. Each step knows the step that takes it back.</summary>
internal abstract record KernelStep
{
    private KernelStep()
    {
    }

    /// <summary>The step that takes this one back; null if nothing was there before that could come back.</summary>
    public abstract KernelStep? Inverse { get; }

    /// <summary>Writes an element of a devmap.</summary>
    /// <param name="Id">The element.</param>
    /// <param name="Value">The desired element.</param>
    /// <param name="Before">The element before; null if there was none, or one that carries a program of somebody else.</param>
    /// <param name="Replaces">Whether the kernel has an element with this key.</param>
    /// <param name="TargetMayBeMissing">Whether the step succeeds if the target was removed: the kernel then has no such element.</param>
    internal sealed record SetElement(ElementId Id, Element Value, Element? Before, bool Replaces, bool TargetMayBeMissing = false) : KernelStep
    {
        /// <summary>Whether the element is one of the candidate. Such a step is never taken back: the candidate is released.</summary>
        public bool InCandidate { get; init; }

        public override KernelStep Inverse =>
            Before is null ? new DeleteElement(Id, Value) : new SetElement(Id, Before, Value, Replaces: true, TargetMayBeMissing: true);
    }

    /// <summary>Deletes an element of a devmap.</summary>
    /// <param name="Id">The element.</param>
    /// <param name="Before">The element before; null if it cannot be written again.</param>
    internal sealed record DeleteElement(ElementId Id, Element? Before) : KernelStep
    {
        /// <summary>Whether the element is one of the candidate.</summary>
        public bool InCandidate { get; init; }

        public override KernelStep? Inverse => Before is null ? null : new SetElement(Id, Before, null, Replaces: false, TargetMayBeMissing: true);
    }

    /// <summary>Attaches the redirect program of a devmap to an interface.</summary>
    internal sealed record AttachRedirect(DevmapId Devmap, InterfaceInfo Ingress, AttachmentSpec Spec) : KernelStep
    {
        public override KernelStep Inverse => new DetachRedirect(Devmap, Ingress.Name, Ingress, Spec.Mode);
    }

    /// <summary>Detaches the redirect program of a devmap.</summary>
    /// <param name="Devmap">The devmap.</param>
    /// <param name="Interface">The name that it was attached under.</param>
    /// <param name="Ingress">The interface that it runs on; null if that was removed or has another name now.</param>
    /// <param name="Mode">How it was attached.</param>
    internal sealed record DetachRedirect(DevmapId Devmap, string Interface, InterfaceInfo? Ingress, AttachMode Mode) : KernelStep
    {
        public override KernelStep? Inverse => Ingress is null ? null : new AttachRedirect(Devmap, Ingress, new AttachmentSpec(Mode));
    }

    /// <summary>Attaches the pass program to an interface.</summary>
    internal sealed record AttachPass(InterfaceInfo Device) : KernelStep
    {
        public override KernelStep Inverse => new DetachPass(Device.Name, Device);
    }

    /// <summary>Detaches the pass program.</summary>
    /// <param name="Interface">The name that it was attached under.</param>
    /// <param name="Device">The interface that it runs on; null if that was removed or has another name now.</param>
    internal sealed record DetachPass(string Interface, InterfaceInfo? Device) : KernelStep
    {
        public override KernelStep? Inverse => Device is null ? null : new AttachPass(Device);
    }

    /// <summary>Loads an egress program, in the place of the one of its name.</summary>
    internal sealed record LoadProgram(string Name, EgressProgramConfig Config, EgressProgramConfig? Before) : KernelStep
    {
        public override KernelStep Inverse => Before is null ? new UnloadProgram(Name, Config) : new LoadProgram(Name, Before, Config);
    }

    /// <summary>Unloads an egress program.</summary>
    internal sealed record UnloadProgram(string Name, EgressProgramConfig Config) : KernelStep
    {
        public override KernelStep Inverse => new LoadProgram(Name, Config, null);
    }

    /// <summary>Sets or clears the flag that makes an interface promiscuous.</summary>
    internal sealed record SetPromiscuous(InterfaceInfo Device, bool On) : KernelStep
    {
        public override KernelStep Inverse => new SetPromiscuous(Device, !On);
    }

    /// <summary>Creates a devmap, in the place of a deleted one that is still pinned under its name.</summary>
    internal sealed record CreateDevmap(DevmapRecord Definition) : KernelStep
    {
        public override KernelStep Inverse => new RemoveDevmap(Definition.Name);
    }

    /// <summary>Gives a devmap other settings.</summary>
    internal sealed record ChangeDevmap(DevmapId Devmap, DevmapRecord Definition, DevmapRecord Before) : KernelStep
    {
        public override KernelStep Inverse => new ChangeDevmap(Devmap, Before, Definition);
    }

    /// <summary>Removes the kernel objects of a devmap.</summary>
    internal sealed record RemoveDevmap(string Devmap) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Has the frames of an element be counted, which is right but for that. The element stays.</summary>
    internal sealed record CountElement(ElementId Id) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Sends real frames through the redirect program of a devmap. A frame that has left cannot be taken back.</summary>
    /// <param name="Id">The element that redirects the frames.</param>
    /// <param name="Value">The element as it must be in the kernel. If it is not, no frame is sent.</param>
    /// <param name="Actions">The actions of that element; null for none.</param>
    /// <param name="Order">The frames.</param>
    /// <param name="Run">The programs that follow the frames.</param>
    internal sealed record SendFrames(ElementId Id, KernelEntry Value, EntryActions? Actions, LiveFrameOrder Order, ILiveFrameRun Run) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Has the ingress interfaces of a devmap compare frames with a candidate, or stop that.</summary>
    internal sealed record Rehearse(IRehearsal Rehearsal, bool Begins) : KernelStep
    {
        public override KernelStep? Inverse => Begins ? this with { Begins = false } : null;
    }

    /// <summary>Begins the second table of a devmap.</summary>
    internal sealed record BeginTable(DevmapId Devmap, PendingTable Table, int Entries) : KernelStep
    {
        public override KernelStep Inverse => new DropTable(Table);
    }

    /// <summary>Writes elements of the second table of a devmap; without a value they are deleted. Those whose interface was removed are left out: the kernel would have removed them.</summary>
    internal sealed record FillTable(PendingTable Table, IReadOnlyList<(uint Key, Element? Value)> Elements) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Prepares the guard of the second table.</summary>
    internal sealed record GuardTable(PendingTable Table, long Since) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Switches to the second table of a devmap, guarded.</summary>
    internal sealed record SwitchGuarded(PendingTable Table) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Gives up a second table that was not switched to.</summary>
    internal sealed record DropTable(PendingTable Table) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Removes the guard of a switch that has ended.</summary>
    internal sealed record RemoveGuard(ISwitchGuard Guard) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Confirms a guarded switch, or takes it back, and gives up the table that frames do not go by.</summary>
    internal sealed record EndSwitch(PendingTable Table, bool Confirms) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Pins again what others unpinned.</summary>
    internal sealed record RestorePins : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Begins a candidate of a devmap.</summary>
    internal sealed record BeginCandidate(DevmapId Devmap, DevmapRecord Definition, int Entries) : KernelStep
    {
        public override KernelStep Inverse => new ReleaseCandidate(Devmap);
    }

    /// <summary>Notes that the candidate of a devmap is complete for the commit of a revision.</summary>
    internal sealed record CompleteCandidate(DevmapId Devmap, long Revision) : KernelStep
    {
        public override KernelStep Inverse => new CompleteCandidate(Devmap, 0);
    }

    /// <summary>Makes the redirect program use the candidate of a devmap; or again the table before it.</summary>
    internal sealed record SwitchTable(DevmapId Devmap) : KernelStep
    {
        public override KernelStep Inverse => this;
    }

    /// <summary>Gives up the table of a devmap that the redirect program does not use.</summary>
    internal sealed record ReleaseCandidate(DevmapId Devmap) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }

    /// <summary>Makes the redirect program look keys up in the devmap's own map.</summary>
    internal sealed record Activate(DevmapId Devmap) : KernelStep
    {
        public override KernelStep? Inverse => null;
    }
}

/// <summary>The outcome of frames that were sent.</summary>
/// <param name="Fates">Their fates.</param>
/// <param name="Hits">How much the counter of the entry has grown, live traffic included; null if nothing counts.</param>
internal sealed record SentFrames(LiveFrameFates Fates, ulong? Hits);

/// <summary>The value of an element, as it is written.</summary>
/// <param name="Interface">The name of the target; null if it is not known any more.</param>
/// <param name="Ifindex">The index of the target.</param>
/// <param name="Program">The egress program; null for none.</param>
/// <param name="Actions">The actions on its frames; null for none.</param>
internal sealed record Element(string? Interface, uint Ifindex, string? Program, EntryActions? Actions);
