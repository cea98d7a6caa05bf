using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>One resource on its way to where it belongs: the kernel steps, and how the resource stands before and after them.</summary>
/// <param name="Steps">The steps, in order; empty if the kernel is as desired.</param>
internal abstract record Placement(IReadOnlyList<KernelStep> Steps)
{
    /// <summary>The change of the store; null if the desired state stays as it is.</summary>
    public virtual StoreChange? Store => null;

    /// <summary>The change that takes <see cref="Store"/> back.</summary>
    public virtual StoreChange? Revert => null;

    /// <summary>Returns the placement with what a step has made: a link or a loaded program.</summary>
    public virtual Placement With(object made) => this;

    /// <summary>Returns the placement of a resource that the kernel refused.</summary>
    public virtual Placement Refused(PlacementFailure failure) => this;

    /// <summary>Returns the placement after its steps have run: if the resource has moved, it stands there since now.</summary>
    public virtual Placement Done(DateTimeOffset now) => this;

    /// <summary>An entry. <paramref name="Before"/> is null for a new one and <paramref name="After"/> for one that is deleted.</summary>
    internal sealed record OfEntry(DevmapId Devmap, PlacedEntry? Before, PlacedEntry? After, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        /// <summary>Whether a target that goes before the steps run makes the entry pending; otherwise the plan fails.</summary>
        public bool TargetMayBeMissing { get; init; } = true;

        /// <summary>Whether the plan moves the entry that has the kernel key away first.</summary>
        public bool Evicts { get; init; }

        /// <summary>Whether the kernel follows after the plan: the placement has no steps, and stays as it was planned.</summary>
        public bool FollowsLater { get; init; }

        public override StoreChange? Store => Change(Before, After);

        public override StoreChange? Revert => Change(After, Before);

        public override Placement Refused(PlacementFailure failure) => this with { After = After is null ? Before : After with { Failure = failure } };

        public override Placement Done(DateTimeOffset now)
        {
            if (After is null)
                return this;
            var stays = Before is not null && Steps.All(s => s is KernelStep.CountElement) && Before.KernelKey == After.KernelKey && Before.Failure?.Reason == After.Failure?.Reason;
            return stays ? this : this with { After = After with { Since = now.UtcDateTime } };
        }

        private static StoreChange? Change(PlacedEntry? before, PlacedEntry? after)
        {
            if (before?.Record == after?.Record)
                return null;
            StoreChange change = after is null ? new StoreChange.DeleteEntry(before!.Record.Devmap, before.Record.Key) : new StoreChange.PutEntry(after.Record);
            return change with { Before = before?.Record };
        }
    }

    /// <summary>All entries of a devmap for an interface, which get one egress program. The kernel follows in slices, after the plan.</summary>
    /// <param name="Devmap">The devmap.</param>
    /// <param name="Swap">The desired state.</param>
    /// <param name="Entries">How many entries there are.</param>
    /// <param name="Before">The program that they carried; of different ones, one of them.</param>
    internal sealed record OfSwap(DevmapId Devmap, SwapRecord Swap, int Entries, string? Before) : Placement([])
    {
        public override StoreChange? Store => new StoreChange.PutSwap(Swap) { Before = Swap with { EgressProgram = Before }, Entries = Entries };
    }

    /// <summary>Many entries of a devmap, whose placements are of the same plan. The kernel follows in slices, after the plan.</summary>
    internal sealed record OfTable(DevmapId Devmap, OpenTable Table) : Placement([]);

    /// <summary>An attachment. The link of <paramref name="After"/> is known once the step that makes it has run.</summary>
    internal sealed record OfAttachment(
        DevmapId Devmap, string Interface, PlacedAttachment? Before, PlacedAttachment? After, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override StoreChange? Store => Change(Before, After);

        public override StoreChange? Revert => Change(After, Before);

        public override Placement With(object made) => made is DevmapLink link ? this with { After = After! with { Link = link } } : this;

        public override Placement Refused(PlacementFailure failure) =>
            this with { After = After is null ? Before : After with { Link = null, Failure = failure } };

        public override Placement Done(DateTimeOffset now)
        {
            if (After is null)
                return this;
            var stays = Before is not null && Before.Link?.LinkId == After.Link?.LinkId && Before.Failure?.Reason == After.Failure?.Reason;
            return stays ? this : this with { After = After with { Since = now } };
        }

        private static StoreChange? Change(PlacedAttachment? before, PlacedAttachment? after)
        {
            if (before?.Record == after?.Record)
                return null;
            StoreChange change = after is null
                ? new StoreChange.DeleteAttachment(before!.Record.Devmap, before.Record.Interface)
                : new StoreChange.PutAttachment(after.Record);
            return change with { Before = before?.Record };
        }
    }

    /// <summary>A devmap. A deleted devmap takes all that is in it along, and leaves the kernel after the plan.</summary>
    internal sealed record OfDevmap(string Name, DevmapId? Devmap, DevmapRecord? Before, DevmapRecord? After, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        /// <summary>The kernel objects that the steps have made; null if the devmap keeps those that it has.</summary>
        public IDevmap? Made { get; init; }

        public override StoreChange? Store => Change(Before, After);

        public override StoreChange? Revert => Change(After, Before);

        public override Placement With(object made) => made is IDevmap devmap ? this with { Made = devmap } : this;

        private StoreChange? Change(DevmapRecord? before, DevmapRecord? after)
        {
            if (before == after)
                return null;
            StoreChange change = after is null ? new StoreChange.DeleteDevmap(Name) : new StoreChange.PutDevmap(after);
            return change with { Before = before };
        }
    }

    /// <summary>An egress program.</summary>
    internal sealed record OfProgram(string Name, PlacedProgram? Before, PlacedProgram? After, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override StoreChange? Store => Change(Before, After);

        public override StoreChange? Revert => Change(After, Before);

        public override Placement With(object made) => made is LoadedProgram loaded ? this with { After = After! with { Loaded = loaded } } : this;

        public override Placement Done(DateTimeOffset now) => After is null || Before?.Loaded.ProgramId == After.Loaded.ProgramId
            ? this
            : this with { After = After with { Since = now } };

        private StoreChange? Change(PlacedProgram? before, PlacedProgram? after)
        {
            if (before?.Record == after?.Record)
                return null;
            StoreChange change = after is null ? new StoreChange.DeleteProgram(Name) : new StoreChange.PutProgram(after.Record);
            return change with { Before = before?.Record };
        }
    }

    /// <summary>A pass program. It is never stored: the entries say where one must run.</summary>
    internal sealed record OfPassProgram(
        string Interface, PlacedPassProgram? Before, PlacedPassProgram? After, string? Target, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override Placement With(object made) => made is PassProgram program ? this with { After = new PlacedPassProgram(program, null) } : this;

        public override Placement Refused(PlacementFailure failure) =>
            this with { After = After is null ? Before : new PlacedPassProgram(null, failure) };

        public override Placement Done(DateTimeOffset now)
        {
            if (After is null)
                return this;
            var stays = Before is not null && Before.Program?.LinkId == After.Program?.LinkId && Before.Failure?.Reason == After.Failure?.Reason;
            return this with { After = After with { Since = stays ? Before!.Since : now } };
        }
    }

    /// <summary>The promiscuity of an interface. The attachments say where it must be; the store has what the daemon must undo.</summary>
    internal sealed record OfPromiscuity(uint Ifindex, PlacedPromiscuity? Before, PlacedPromiscuity? After, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override StoreChange? Store => (Before, After) switch
        {
            ({ IsOurs: true }, not { IsOurs: true }) => new StoreChange.DeletePromiscuity(Ifindex),
            (not { IsOurs: true }, { IsOurs: true } after) => new StoreChange.PutPromiscuity(new StoredPromiscuity(Ifindex, after.Interface)),
            _ => null,
        };

        public override StoreChange? Revert => (this with { Before = After, After = Before }).Store;

        /// <summary>Whether the daemon must know of the change after a crash, before it makes the change.</summary>
        public bool SetsFlag => Steps is [KernelStep.SetPromiscuous { On: true }];

        public override Placement Refused(PlacementFailure failure) =>
            this with { After = new PlacedPromiscuity((After ?? Before)!.Interface, Before is { IsOurs: true }, failure) };
    }

    /// <summary>A token. The kernel knows nothing of it.</summary>
    internal sealed record OfToken(string Name, TokenRecord? Before, TokenRecord? After) : Placement([])
    {
        public override StoreChange? Store => Change(Before, After);

        public override StoreChange? Revert => Change(After, Before);

        private StoreChange Change(TokenRecord? before, TokenRecord? after)
        {
            StoreChange change = after is null ? new StoreChange.DeleteToken(Name) : new StoreChange.PutToken(after);
            return change with { Before = before };
        }
    }

    /// <summary>A lease. The kernel knows nothing of it. A lease that stays as it is gets its full time again.</summary>
    internal sealed record OfLease(string Name, LeaseRecord? Before, LeaseRecord? After) : Placement([])
    {
        public override StoreChange? Store => Before == After ? null : Change(Before, After);

        public override StoreChange? Revert => Before == After ? null : Change(After, Before);

        private StoreChange Change(LeaseRecord? before, LeaseRecord? after)
        {
            StoreChange change = after is null ? new StoreChange.DeleteLease(Name) : new StoreChange.PutLease(after);
            return change with { Before = before };
        }
    }

    /// <summary>A call that its caller has marked with a key. It is kept together with what the call changes.</summary>
    internal sealed record OfCall(CallId Id, KeyedCall? Before, KeyedCall? After) : Placement([])
    {
        public override StoreChange? Store => Change(After);

        public override StoreChange? Revert => Change(Before);

        private StoreChange Change(KeyedCall? call) => call is null ? new StoreChange.DeleteCall(Id) : new StoreChange.PutCall(call);
    }

    /// <summary>An item of such a call.</summary>
    internal sealed record OfCallPart(CallPart Part) : Placement([])
    {
        public override StoreChange? Store => new StoreChange.PutCallPart(Part);

        public override StoreChange? Revert => new StoreChange.DeleteCallPart(Part.Id, Part.Item);
    }

    /// <summary>A probe. It moves nothing. <paramref name="Sent"/> is null until the frames are sent, and stays so if the element was not as it must be.</summary>
    internal sealed record OfProbe(SentFrames? Sent, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override Placement With(object made) => made is SentFrames sent ? this with { Sent = sent } : this;
    }

    /// <summary>The end of a guarded switch. <paramref name="Report"/> is null until then.</summary>
    internal sealed record OfSwitch(GuardReport? Report, IReadOnlyList<KernelStep> Steps) : Placement(Steps)
    {
        public override Placement With(object made) => made is GuardReport report ? this with { Report = report } : this;
    }

    /// <summary>A kernel object that has no desired state of its own: an element that nobody desires, or which table a devmap uses.</summary>
    internal sealed record OfObject(IReadOnlyList<KernelStep> Steps) : Placement(Steps);
}
