using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors about devmaps and their entries.</summary>
public static class DevmapErrors
{
    private const int MostNamed = 10;

    /// <summary>A table of the devmap waits for its confirmation.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="rest">How long it can wait.</param>
    public static Error ConfirmationPending(string devmap, TimeSpan rest) => new(ErrorCode.ConfirmationPending, $"A table of the devmap '{devmap}' waits for its confirmation.")
    {
        Resource = $"devmaps/{devmap}",
        RetryAfter = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(rest.TotalSeconds))),
        Remedy = new Remedy("Confirm the table, or cancel it.", Calls.ConfirmEntries(devmap)),
    };

    /// <summary>No table of the devmap waits for its confirmation.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="last">The end of the last one that did; null if none is known.</param>
    public static Error NoConfirmation(string devmap, string? last) => new(
        ErrorCode.ConfirmationNotFound, $"No table of the devmap '{devmap}' waits for its confirmation{(last is null ? "" : $": the last one was {last}")}.")
    {
        Resource = $"devmaps/{devmap}",
    };

    /// <summary>The host cannot guard a table.</summary>
    /// <param name="feature">The feature of the kernel that is missing.</param>
    /// <param name="since">The kernel version that brings it.</param>
    /// <param name="detail">Why it is missing.</param>
    public static Error CannotGuard(string feature, string since, string? detail) => new(
        ErrorCode.NotSupported,
        $"This host cannot take a table back by itself as the call asks: that needs the feature {feature}, which came with Linux {since}{(detail is null ? "" : $" ({detail})")}.");

    /// <summary>Redirect errors do not show in tcx mode.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="interfaceName">The interface that it is attached to.</param>
    public static Error NoDropsInTcx(string devmap, string interfaceName) => new(
        ErrorCode.NotSupported, $"The devmap '{devmap}' is attached to '{interfaceName}' in tcx mode, where no redirect error shows.")
    {
        Resource = $"devmaps/{devmap}/attachments/{interfaceName}",
        Remedy = new Remedy("Leave revertAfterDrops out, or attach in native or generic mode."),
    };

    /// <summary>A devmap rehearses one table at a time.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="rest">How long the other rehearsal takes.</param>
    public static Error RehearsalUnderWay(string devmap, TimeSpan rest) => new(ErrorCode.WriterBusy, $"Another table of the devmap '{devmap}' is rehearsed already.")
    {
        Resource = $"devmaps/{devmap}",
        RetryAfter = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(rest.TotalSeconds))),
        Remedy = new Remedy("Try again when the other rehearsal is over."),
    };

    /// <summary>The settings of the devmap changed during a rehearsal, which ended it.</summary>
    /// <param name="devmap">The devmap.</param>
    public static Error RehearsalCutOff(string devmap) => new(ErrorCode.WriterBusy, $"The devmap '{devmap}' got other settings while a table was rehearsed, which ended the rehearsal.")
    {
        Resource = $"devmaps/{devmap}",
        RetryAfter = TimeSpan.FromSeconds(1),
        Remedy = new Remedy("Rehearse the table again."),
    };

    /// <summary>There is no such devmap.</summary>
    public static Error NotFound(string devmap) => new(ErrorCode.DevmapNotFound, $"There is no devmap '{devmap}'.")
    {
        Resource = $"devmaps/{devmap}",
        Remedy = new Remedy("Name one of the devmaps, or create this one.", Calls.ListDevmaps()),
    };

    /// <summary>The devmap holds as many entries as it can.</summary>
    public static Error Full(string devmap, uint maxEntries, int? errno = null) =>
        new(ErrorCode.DevmapFull, string.Create(CultureInfo.InvariantCulture, $"The devmap '{devmap}' holds its maximum of {maxEntries} entries."))
        {
            Resource = $"devmaps/{devmap}",
            Errno = errno,
            Remedy = CommonRemedies.MakeRoom(devmap),
        };

    /// <summary>The devmap is declared in the configuration.</summary>
    public static Error ReadOnly(string devmap) =>
        new(ErrorCode.DevmapReadOnly, $"The devmap '{devmap}' is declared in the configuration of the daemon, and cannot be changed or deleted by the API.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Change ControlPlane:Devmaps in the configuration and restart the daemon. A devmap that is removed there stays, and can be changed by the API from then on."),
        };

    /// <summary>The redirect program of the devmap runs on interfaces.</summary>
    public static Error InUse(string devmap, IReadOnlyCollection<string> interfaces) => new(
        ErrorCode.DevmapInUse,
        string.Create(CultureInfo.InvariantCulture, $"The devmap '{devmap}' is attached to {string.Join(", ", interfaces.Take(MostNamed).Select(i => $"'{i}'"))}")
            + (interfaces.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {interfaces.Count - MostNamed} more") : "") + ".")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Delete the attachments first; or repeat the call with force=true, which detaches the redirect program.", Calls.ListAttachments(devmap)),
        };

    /// <summary>There are as many devmaps as there can be.</summary>
    public static Error TooMany(int most) =>
        new(ErrorCode.TooManyDevmaps, string.Create(CultureInfo.InvariantCulture, $"There are {most} devmaps, and there can be no more."))
        {
            Resource = "devmaps",
            Remedy = new Remedy("Delete a devmap that nobody needs.", Calls.ListDevmaps()),
        };

    /// <summary>The devmap has members that cannot change.</summary>
    public static Error Fixed(string devmap, IReadOnlyList<FieldViolation> members) => RequestErrors.Invalid(members) with { Resource = $"devmaps/{devmap}" };

    /// <summary>The kernel refuses to let a devmap go that was deleted.</summary>
    public static Error NotRemoved(string devmap, string reason) =>
        new(ErrorCode.KernelFailure, $"The devmap '{devmap}' is deleted, and the kernel does not let go of it: {reason}")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("The daemon tries again with each change and at its next start."),
        };

    /// <summary>A list of entries cannot go on where a page before a resize ended.</summary>
    public static Error Resized(string devmap) =>
        new(ErrorCode.RevisionCompacted, $"The devmap '{devmap}' was resized, and its list has another order now.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Begin the list again without a page token."),
        };

    /// <summary>The devmap has more entries than it would have room for.</summary>
    public static Error TooSmall(string devmap, uint maxEntries, int entries) =>
        new(ErrorCode.DevmapFull, string.Create(CultureInfo.InvariantCulture, $"The devmap '{devmap}' has {entries} entries, which do not fit into {maxEntries}."))
        {
            Resource = $"devmaps/{devmap}",
            Remedy = CommonRemedies.MakeRoom(devmap),
        };

    /// <summary>The values of the devmap have no room for an egress program.</summary>
    public static Error NoEgressPrograms(string devmap) =>
        new(ErrorCode.NotSupported, $"The devmap '{devmap}' has values of 4 bytes, which hold an interface and no egress program.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Use a devmap with ValueSize 8, which Linux 5.8 and later have."),
        };

    /// <summary>A validation error: the values of the devmap have no room for an egress program.</summary>
    public static string NoRoomForEgressProgram(string devmap, uint valueSize) => string.Create(
        CultureInfo.InvariantCulture, $"the devmap '{devmap}' has values of {valueSize} bytes, which hold no egress program; configure it with ValueSize 8");

    /// <summary>An entry that must get an egress program lies in a devmap without room for one.</summary>
    public static Error NoRoomForEgressProgram(string devmap, uint valueSize, string entry, string interfaceName) =>
        new(
            ErrorCode.InvalidArgument,
            string.Create(CultureInfo.InvariantCulture, $"'{entry}' sends to '{interfaceName}', and the devmap '{devmap}' has values of {valueSize} bytes, which hold no egress program."))
        {
            Fields = [new FieldViolation("egressProgram", $"the devmap '{devmap}' holds no egress programs")],
            Resource = entry,
            Remedy = new Remedy("Delete that entry, or configure the devmap with ValueSize 8."),
        };

    /// <summary>The pinned devmap was made with other settings than the configured ones.</summary>
    public static Error PinnedDiffers(string devmap, string folder, IEnumerable<string> differences) =>
        new(ErrorCode.KernelFailure, $"The devmap pinned at {folder} differs from what it must be: {string.Join("; ", differences)}.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Change the configuration back; or give up the pinned devmap with its entries and attachments.", $"rm -r {folder}"),
        };

    /// <summary>A pin holds an object that cannot be adopted.</summary>
    public static Error ForeignPin(string path, string why) => new(ErrorCode.KernelFailure, $"The pin {path} cannot be adopted: {why}.")
    {
        Remedy = new Remedy("Choose another ControlPlane:PinRoot, or remove the pins if nobody needs them.", $"rm -r {System.IO.Path.GetDirectoryName(path)}"),
    };

    /// <summary>The changes after the revision are no longer kept.</summary>
    public static Error Compacted(string devmap, long revision, long floor) =>
        new(
            ErrorCode.RevisionCompacted,
            string.Create(CultureInfo.InvariantCulture, $"The changes after revision {revision} are no longer kept; those after {floor} are."))
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Watch without a revision: the stream begins with a snapshot.", Calls.WatchDevmap(devmap)),
        };

    /// <summary>A watcher has read too slowly.</summary>
    public static Error WatcherTooSlow(string devmap, int capacity) =>
        new(
            ErrorCode.RevisionCompacted,
            string.Create(CultureInfo.InvariantCulture, $"watcher_too_slow: more than {capacity} changes came before this stream was read."))
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Watch again after the revision of the last event, or without one, and read faster; or raise ControlPlane:Watch:LogCapacity.", Calls.WatchDevmap(devmap)),
        };
}

/// <summary>The errors about entries.</summary>
public static class EntryErrors
{
    /// <summary>There is no such entry.</summary>
    public static Error NotFound(string devmap, string key) => new(ErrorCode.EntryNotFound, $"The devmap '{devmap}' has no entry '{key}'.")
    {
        Resource = $"devmaps/{devmap}/entries/{key}",
    };

    /// <summary>The kernel has an element for the key, but no entry asks for it.</summary>
    public static Error Unmanaged(string devmap, string key) =>
        new(ErrorCode.EntryNotFound, $"The devmap '{devmap}' has no entry '{key}'. The kernel's map has an element for the key that nobody asked the daemon for.")
        {
            Resource = $"devmaps/{devmap}/entries/{key}",
            Remedy = new Remedy("Audit the devmap: the audit removes elements that nobody asked for.", Calls.AuditDevmap(devmap)),
        };

    /// <summary>The target is a VLAN device, and the entry has an action on tags of its own.</summary>
    public static Error TagActionForVlan(string name) => new(ErrorCode.InterfaceUnsuitable, TwoTagActions(name))
    {
        Fields = [new FieldViolation("actions", "must not have setVlan, pushVlan or popVlan: the target adds a tag")],
        Resource = $"interfaces/{name}",
        Remedy = CommonRemedies.OtherActionsForVlan(),
    };

    /// <summary>The same in a sentence.</summary>
    public static string TwoTagActions(string name) => $"'{name}' is a VLAN device, which stands for the action pushVlan, and the entry has an action on VLAN tags beside it.";

    /// <summary>Another entry has the same kernel key.</summary>
    public static Error KeyConflict(string key, uint kernelKey, string devmap, string otherKey, string? otherOwner = null) =>
        new(
            ErrorCode.KeyConflict,
            string.Create(CultureInfo.InvariantCulture, $"The key '{key}' gives the kernel key {kernelKey}, which the entry 'devmaps/{devmap}/entries/{otherKey}' has."))
        {
            Fields = [new FieldViolation("key", string.Create(CultureInfo.InvariantCulture, $"kernel key {kernelKey} is taken"))],
            Resource = $"devmaps/{devmap}/entries/{otherKey}",
            Remedy = DeleteOther(devmap, otherKey, otherOwner),
        };

    /// <summary>A call writes one entry twice.</summary>
    public static Error WrittenTwice(string entry) => new(ErrorCode.InvalidArgument, $"'{entry}' is written twice by this call.")
    {
        Fields = [new FieldViolation("key", $"'{entry}' is written by another item too")],
        Resource = entry,
    };

    /// <summary>The remedy for an entry whose kernel key another entry has.</summary>
    public static Remedy DeleteOther(string devmap, string otherKey, string? otherOwner = null) =>
        new("Delete the other entry first.", Calls.DeleteEntry(devmap, otherKey, otherOwner));

    /// <summary>Another entry for the same device has another egress program.</summary>
    public static Error EgressProgramConflict(string entry, string? program, string interfaceName, string other, string? otherProgram) =>
        new(
            ErrorCode.EgressProgramConflict,
            $"'{entry}' asks for {Describe(program)} on '{interfaceName}', but '{other}' sends to '{interfaceName}' with {Describe(otherProgram)}. The kernel queues frames by device and runs one program on a whole burst, so all entries for one device must have the same.")
        {
            Fields = [new FieldViolation("egressProgram", $"'{other}' sends to '{interfaceName}' with {Describe(otherProgram)}")],
            Resource = other,
            Remedy = new Remedy(
                $"Use {Describe(otherProgram)} here too; or give all entries for the device {Describe(program)}, then write this entry again.",
                Calls.SetEgressProgram(interfaceName, program)),
        };

    /// <summary>The write of a table would delete more entries than it may.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="deletions">How many entries it would delete.</param>
    /// <param name="most">How many it may delete.</param>
    /// <param name="entries">How many entries there are in its scope.</param>
    public static Error TooManyDeletions(string devmap, int deletions, int most, int entries) => new(
        ErrorCode.TooManyDeletions,
        string.Create(CultureInfo.InvariantCulture, $"The call would delete {deletions} of the {entries} entries in its scope, and may delete {most}."))
    {
        Resource = $"devmaps/{devmap}",
        Remedy = new Remedy(string.Create(
            CultureInfo.InvariantCulture, $"Look at the plan with dryRun=true. If it is right, repeat the call with allowDeletions={deletions}.")),
    };

    private static string Describe(string? program) => program is null ? "no egress program" : $"the egress program '{program}'";
}
