using ControlPlane.Core.Model;
using static ControlPlane.Core.Errors.ErrorCode;

namespace ControlPlane.Core.Api;

/// <summary>
/// All operations of the API. Routes, the OpenAPI document and access rules read this table; tests compare it with the comments of the
/// protos and with the documents.
/// </summary>
public static class Operations
{
    private const string Devmap = "/v1/devmaps/{devmap}";
    private const string Entry = Devmap + "/entries/{key}";
    private const string Attachment = Devmap + "/attachments/{interfaceName}";
    private const string Program = "/v1/programs/{program}";
    private const string Interface = "/v1/interfaces/{interfaceName}";
    private const string Token = "/v1/tokens/{token}";
    private const string Lease = "/v1/leases/{lease}";

    /// <summary>Lists devmaps.</summary>
    public static Operation ListDevmaps { get; } = new(
        "listDevmaps", Verb.List, "devmaps", Role.Viewer, "GET /v1/devmaps", "DevmapService/ListDevmaps",
        "List devmaps",
        "Lists all devmaps in order of their names.",
        [InvalidArgument, KernelFailure]);

    /// <summary>Returns one devmap.</summary>
    public static Operation GetDevmap { get; } = new(
        "getDevmap", Verb.Get, "devmaps", Role.Viewer, "GET " + Devmap, "DevmapService/GetDevmap",
        "Read a devmap",
        "Returns one devmap.",
        [InvalidArgument, DevmapNotFound, KernelFailure]);

    /// <summary>Creates or changes a devmap.</summary>
    public static Operation PutDevmap { get; } = new(
        "putDevmap", Verb.Put, "devmaps", Role.Admin, "PUT " + Devmap, "DevmapService/PutDevmap",
        "Create or change a devmap",
        "Creates a devmap, or changes its settings while frames flow: each ingress gets its new program in one step, and no frame is lost. Omitted settings get their defaults. The value size, the NUMA node and the key selector of a devmap never change. Another capacity builds a second map and takes a call of its own. There can be at most 256 devmaps. A devmap that is declared in the configuration cannot be changed; one of another owner, or of none, only by force.",
        [InvalidArgument, OwnedByOther, DevmapReadOnly, AlreadyExists, RevisionMismatch, TooManyDevmaps, DevmapFull, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes a devmap.</summary>
    public static Operation DeleteDevmap { get; } = new(
        "deleteDevmap", Verb.Delete, "devmaps", Role.Admin, "DELETE " + Devmap, "DevmapService/DeleteDevmap",
        "Delete a devmap",
        "Deletes a devmap with its entries: one change, which cannot be undone. A devmap that is attached to interfaces is deleted only by force, which detaches its redirect program. The call names the owner of the devmap, unless it is forced. A devmap that is declared in the configuration cannot be deleted.",
        [InvalidArgument, DevmapNotFound, OwnedByOther, DevmapInUse, DevmapReadOnly, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Returns the shape of a devmap.</summary>
    public static Operation GetDevmapShape { get; } = new(
        "getDevmapShape", Verb.Get, "devmaps", Role.Viewer, "GET " + Devmap + "/shape", "DevmapService/GetDevmapShape",
        "Read the shape of a devmap",
        "Returns how the devmap's entries lie in the kernel's hash, and what that costs.",
        [InvalidArgument, DevmapNotFound]);

    /// <summary>Audits a devmap.</summary>
    public static Operation AuditDevmap { get; } = new(
        "auditDevmap", Verb.Act, "devmaps", Role.Admin, "POST " + Devmap + ":audit", "DevmapService/AuditDevmap",
        "Audit a devmap",
        "Compares the kernel's map and attachments with the desired state now, and repairs what others have changed. The desired state and its revisions stay unchanged.",
        [InvalidArgument, DevmapNotFound, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Explains what happens to a described frame.</summary>
    public static Operation ExplainFrame { get; } = new(
        "explainFrame", Verb.Act, "devmaps", Role.Viewer, "GET " + Devmap + ":explain", "DevmapService/Explain",
        "Explain what happens to a frame",
        "Explains what happens to a frame, check by check, for a key or for a described frame. The call sends, changes and counts nothing; it runs an egress program on a copy of the frame.",
        [InvalidArgument, DevmapNotFound, KernelFailure]);

    /// <summary>Explains what happens to a frame with a key.</summary>
    public static Operation ExplainEntry { get; } = ExplainFrame with
    {
        Id = "explainEntry",
        Resource = "entries",
        Rest = "GET " + Entry + ":explain",
        Summary = "Explain what happens to a frame with this key",
        Errors = [InvalidArgument, DevmapNotFound, EntryNotFound, KernelFailure],
    };

    /// <summary>Lists entries.</summary>
    public static Operation ListEntries { get; } = new(
        "listEntries", Verb.List, "entries", Role.Viewer, "GET " + Devmap + "/entries", "DevmapService/ListEntries",
        "List entries",
        "Lists entries page by page, in the order of the kernel's hash buckets. Unmanaged entries are included. An entry that exists during the whole walk is in exactly one page.",
        [InvalidArgument, DevmapNotFound, RevisionCompacted, KernelFailure])
    {
        GrpcStream = "DevmapService/StreamEntries",
    };

    /// <summary>Lists the counters of entries.</summary>
    public static Operation ListCounters { get; } = new(
        "listCounters", Verb.List, "entries", Role.Viewer, "GET " + Devmap + "/entries:counters", "DevmapService/ListCounters",
        "List counters",
        "Lists the counters of entries page by page, in the order of ListEntries: a compact list for tools that poll.",
        [InvalidArgument, DevmapNotFound, RevisionCompacted, KernelFailure]);

    /// <summary>Returns one entry.</summary>
    public static Operation GetEntry { get; } = new(
        "getEntry", Verb.Get, "entries", Role.Viewer, "GET " + Entry, "DevmapService/GetEntry",
        "Read an entry",
        "Returns one entry with its status as of now. An unmanaged entry is returned too.",
        [InvalidArgument, DevmapNotFound, EntryNotFound, KernelFailure]);

    /// <summary>Creates or changes an entry.</summary>
    public static Operation PutEntry { get; } = new(
        "putEntry", Verb.Put, "entries", Role.Operator, "PUT " + Entry, "DevmapService/PutEntry",
        "Create or change an entry",
        "Creates or changes an entry. Returns when the entry is durable and in the kernel, or Pending where that is allowed. A write of what is stored already changes nothing, not even the revision. An entry of another owner, or of none, changes only by force. A call that waits is answered when the entry forwards, or when its time is over.",
        [InvalidArgument, DevmapNotFound, ProgramNotFound, LeaseNotFound, EgressProgramConflict, KeyConflict, OwnedByOther, InterfaceNotFound, InterfaceUnsuitable, DevmapFull, AlreadyExists, RevisionMismatch, ConfirmationPending, TooManyStreams, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes an entry.</summary>
    public static Operation DeleteEntry { get; } = new(
        "deleteEntry", Verb.Delete, "entries", Role.Operator, "DELETE " + Entry, "DevmapService/DeleteEntry",
        "Delete an entry",
        "Deletes an entry. Returns when the entry is out of the kernel. The call names the owner of the entry, unless it is forced.",
        [InvalidArgument, DevmapNotFound, EntryNotFound, OwnedByOther, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Writes several entries.</summary>
    public static Operation ApplyEntries { get; } = new(
        "applyEntries", Verb.Act, "entries", Role.Operator, "POST /v1/entries:batch", "DevmapService/ApplyEntries",
        "Write several entries",
        "Writes several entries, over any devmaps. An atomic batch, of at most 1,000 items, happens as a whole under one revision: if one item is refused, nothing changes, and the error names all items that are refused. In an independent batch, of at most 10,000 items, each item happens on its own and has its own result. Results are in the order of the items. An entry may be written once. An entry of another owner, or of none, changes only by force, and a deletion names the owner of the entry. If the caller has marked the call with a key, a repeat within a day gets the first answer and changes nothing. A call that waits is answered when all entries that it has put forward, or when its time is over; a repeat waits again.",
        [InvalidArgument, PermissionDenied, DevmapNotFound, EntryNotFound, ProgramNotFound, LeaseNotFound, EgressProgramConflict, KeyConflict, OwnedByOther, InterfaceNotFound, InterfaceUnsuitable, IdempotencyKeyReused, DevmapFull, AlreadyExists, RevisionMismatch, ConfirmationPending, TooManyStreams, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown])
    {
        WritesMany = true,
        MaxRequestBytes = 4 * 1024 * 1024,
        GrpcStream = "DevmapService/WriteEntries",
    };

    /// <summary>Replaces the entries of a devmap.</summary>
    public static Operation ReplaceEntries { get; } = new(
        "replaceEntries", Verb.Act, "entries", Role.Operator, "PUT " + Devmap + "/entries", "DevmapService/ReplaceEntries",
        "Replace the entries of a devmap",
        "Makes the entries of a devmap, or of the scope that an owner or labels give, those of the request: creates what is missing, changes what differs, and deletes entries of the scope that the request does not name. The whole difference happens under one revision, or nothing. The answer comes when the kernel has all of it; more than 1,000 changes are written in slices, and other writes go on meanwhile. If the kernel refuses one, all entries get the specs that they had, under a new revision if there are more than 1,000 changes. Entries get the owner and the labels of the scope. A call that would change or delete an entry of another owner is refused unless it is forced, and one that would delete more than ten entries and a twentieth of the scope unless it allows so many deletions. A dry run answers with the plan: each change, the state that the entry would have, and the traffic of entries that would change or go. A rehearsal is a dry run that also looks real frames up in the table, for a time, and tells what the table would do with them. A table with a time for its confirmation is built beside the active one, and one store switches to it; the kernel itself takes it back when nobody confirms it in time, or at a number of redirect errors, and until then no other write to the devmap happens. A call that waits is answered when all entries of the scope forward, or when its time is over.",
        [InvalidArgument, PermissionDenied, DevmapNotFound, ProgramNotFound, LeaseNotFound, EgressProgramConflict, KeyConflict, OwnedByOther, TooManyDeletions, InterfaceNotFound, InterfaceUnsuitable, DevmapFull, AlreadyExists, RevisionMismatch, ConfirmationPending, TooManyStreams, NotSupported, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown])
    {
        WritesMany = true,
        MaxRequestBytes = 32 * 1024 * 1024,
    };

    /// <summary>Confirms the table of a devmap.</summary>
    public static Operation ConfirmEntries { get; } = new(
        "confirmEntries", Verb.Act, "entries", Role.Operator, "POST " + Devmap + "/entries:confirm", "DevmapService/ConfirmEntries",
        "Confirm the table of a devmap",
        "Has the table stay that waits for its confirmation. If the kernel has taken it back in the meantime, the call is refused, and the error says why.",
        [InvalidArgument, DevmapNotFound, ConfirmationNotFound, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Takes the table of a devmap back.</summary>
    public static Operation CancelEntries { get; } = new(
        "cancelEntries", Verb.Act, "entries", Role.Operator, "POST " + Devmap + "/entries:cancel", "DevmapService/CancelEntries",
        "Take the table of a devmap back",
        "Takes the table back that waits for its confirmation: frames go by the table before at once, and its entries come back as a change of their own.",
        [InvalidArgument, DevmapNotFound, ConfirmationNotFound, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Waits for entries.</summary>
    public static Operation WaitEntries { get; } = new(
        "waitEntries", Verb.Act, "entries", Role.Viewer, "GET /v1/entries:wait", "DevmapService/WaitEntries",
        "Wait until entries forward",
        "Waits until the daemon has reached a revision and every entry that the selector names forwards, or until the time is over. The answer then names at most 100 entries that do not forward, with the reasons. A selector that names no entry is not satisfied: a gate that depends on the wait does not open for nothing. The states are those of the kernel now, not those of the last event. Unmanaged entries do not count.",
        [InvalidArgument, DevmapNotFound, TooManyStreams, KernelFailure, ShuttingDown]);

    /// <summary>Probes an entry.</summary>
    public static Operation ProbeEntry { get; } = new(
        "probeEntry", Verb.Act, "entries", Role.Admin, "POST " + Entry + ":probe", "DevmapService/ProbeEntry",
        "Probe an entry with real frames",
        "Sends real frames with the entry's key through the loaded redirect program and out of the target, and tells what became of them. The frames are UDP to the discard port (9) with a time to live of 1. The counters include them. A verdict that is True or False stands as the condition `Proven` of the entry for 10 minutes, or until the entry, its target or its attachment changes. It settles what is `Unknown`; it never stands against a condition that is False. Native mode only. Off unless the setting `ControlPlane:Probe:Enabled` is true.",
        [InvalidArgument, PermissionDenied, DevmapNotFound, EntryNotFound, InterfaceUnsuitable, NotSupported, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Lists attachments.</summary>
    public static Operation ListAttachments { get; } = new(
        "listAttachments", Verb.List, "attachments", Role.Viewer, "GET " + Devmap + "/attachments", "DevmapService/ListAttachments",
        "List attachments",
        "Lists the attachments of the devmap in order of their interfaces' names.",
        [InvalidArgument, DevmapNotFound]);

    /// <summary>Returns one attachment.</summary>
    public static Operation GetAttachment { get; } = new(
        "getAttachment", Verb.Get, "attachments", Role.Viewer, "GET " + Attachment, "DevmapService/GetAttachment",
        "Read an attachment",
        "Returns one attachment.",
        [InvalidArgument, DevmapNotFound, AttachmentNotFound]);

    /// <summary>Creates or changes an attachment.</summary>
    public static Operation PutAttachment { get; } = new(
        "putAttachment", Verb.Put, "attachments", Role.Admin, "PUT " + Attachment, "DevmapService/PutAttachment",
        "Attach the redirect program, or change the attachment",
        "Attaches the devmap's redirect program to the interface, or changes the attachment. An attachment of another owner, or of none, changes only by force.",
        [InvalidArgument, DevmapNotFound, LeaseNotFound, AttachConflict, OwnedByOther, InterfaceNotFound, InterfaceUnsuitable, AlreadyExists, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes an attachment.</summary>
    public static Operation DeleteAttachment { get; } = new(
        "deleteAttachment", Verb.Delete, "attachments", Role.Admin, "DELETE " + Attachment, "DevmapService/DeleteAttachment",
        "Detach the redirect program",
        "Detaches the redirect program from the interface. The call names the owner of the attachment, unless it is forced.",
        [InvalidArgument, DevmapNotFound, AttachmentNotFound, OwnedByOther, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Streams the changes of a devmap.</summary>
    public static Operation WatchDevmap { get; } = new(
        "watchDevmap", Verb.Watch, "devmaps", Role.Viewer, "GET " + Devmap + "/events", "DevmapService/Watch",
        "Watch a devmap",
        "Streams what happens in a devmap: a snapshot, unless the stream is resumed; then one `synced`; then every change in the order of revisions, exactly once. Filters select a part: a resource that no longer passes is deleted for the stream. The stream ends only with an error: after the deletion of the devmap with `devmap_not_found`. No write waits for a slow reader.",
        [InvalidArgument, DevmapNotFound, RevisionCompacted, TooManyStreams, ShuttingDown]);

    /// <summary>Streams the changes of several devmaps.</summary>
    public static Operation WatchDevmaps { get; } = new(
        "watchDevmaps", Verb.Watch, "devmaps", Role.Viewer, "GET /v1/events", "DevmapService/WatchDevmaps",
        "Watch several devmaps",
        "Streams what happens in several devmaps, or in all, to these devmaps themselves, to egress programs and to leases, in one order: otherwise as the stream of one devmap. Each event of a devmap names it. A stream of all devmaps has those that are made later, too.",
        [InvalidArgument, DevmapNotFound, RevisionCompacted, TooManyStreams, ShuttingDown]);

    /// <summary>Lists egress programs.</summary>
    public static Operation ListPrograms { get; } = new(
        "listPrograms", Verb.List, "programs", Role.Viewer, "GET /v1/programs", "ProgramService/ListPrograms",
        "List egress programs",
        "Lists all egress programs in order of their names.",
        [InvalidArgument, KernelFailure]);

    /// <summary>Returns one egress program.</summary>
    public static Operation GetProgram { get; } = new(
        "getProgram", Verb.Get, "programs", Role.Viewer, "GET " + Program, "ProgramService/GetProgram",
        "Read an egress program",
        "Returns one egress program.",
        [InvalidArgument, ProgramNotFound, KernelFailure]);

    /// <summary>Creates or changes an egress program.</summary>
    public static Operation PutProgram { get; } = new(
        "putProgram", Verb.Put, "programs", Role.Admin, "PUT " + Program, "ProgramService/PutProgram",
        "Create or change an egress program",
        "Creates or changes an egress program. The template and the parameters of a program that entries carry cannot change. A program of another owner, or of none, changes only by force.",
        [InvalidArgument, ProgramInUse, OwnedByOther, AlreadyExists, RevisionMismatch, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes an egress program.</summary>
    public static Operation DeleteProgram { get; } = new(
        "deleteProgram", Verb.Delete, "programs", Role.Admin, "DELETE " + Program, "ProgramService/DeleteProgram",
        "Delete an egress program",
        "Deletes an egress program that no entry carries. The call names the owner of the program, unless it is forced.",
        [InvalidArgument, ProgramNotFound, ProgramInUse, OwnedByOther, RevisionMismatch, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Lists interfaces.</summary>
    public static Operation ListInterfaces { get; } = new(
        "listInterfaces", Verb.List, "interfaces", Role.Viewer, "GET /v1/interfaces", "HostService/ListInterfaces",
        "List interfaces",
        "Lists the interfaces of the daemon's network namespace in order of their index.",
        [InvalidArgument]);

    /// <summary>Returns one interface.</summary>
    public static Operation GetInterface { get; } = new(
        "getInterface", Verb.Get, "interfaces", Role.Viewer, "GET " + Interface, "HostService/GetInterface",
        "Read an interface",
        "Returns one interface.",
        [InvalidArgument, InterfaceNotFound]);

    /// <summary>Gives all entries for an interface one egress program.</summary>
    public static Operation SetEgressProgram { get; } = new(
        "setEgressProgram", Verb.Act, "interfaces", Role.Admin, "POST " + Interface + ":setEgressProgram", "ProgramService/SetEgressProgram",
        "Give all entries for an interface one egress program",
        "Gives every entry that sends to the interface, over all devmaps, the same egress program, or none, whoever their owners are. The desired state of all of them changes in one transaction. The answer comes when the kernel has all of them; many are written in slices, and other writes go on meanwhile. If the kernel refuses one, all get the previous program again, under a new revision if they are more than 256. A frame that leaves during the call may still meet the previous program.",
        [InvalidArgument, ProgramNotFound, InterfaceNotFound, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Lists leases.</summary>
    public static Operation ListLeases { get; } = new(
        "listLeases", Verb.List, "leases", Role.Viewer, "GET /v1/leases", "LeaseService/ListLeases",
        "List leases",
        "Lists all leases in order of their names.",
        [InvalidArgument]);

    /// <summary>Returns one lease.</summary>
    public static Operation GetLease { get; } = new(
        "getLease", Verb.Get, "leases", Role.Viewer, "GET " + Lease, "LeaseService/GetLease",
        "Read a lease",
        "Returns one lease.",
        [InvalidArgument, LeaseNotFound]);

    /// <summary>Creates or changes a lease.</summary>
    public static Operation PutLease { get; } = new(
        "putLease", Verb.Put, "leases", Role.Operator, "PUT " + Lease, "LeaseService/PutLease",
        "Create or change a lease",
        "Creates or changes a lease, and gives it its full time. Entries and attachments whose spec names the lease end with it. A lease of another owner, or of none, changes only by force.",
        [InvalidArgument, OwnedByOther, AlreadyExists, RevisionMismatch, WriterBusy, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes a lease.</summary>
    public static Operation DeleteLease { get; } = new(
        "deleteLease", Verb.Delete, "leases", Role.Operator, "DELETE " + Lease, "LeaseService/DeleteLease",
        "Delete a lease",
        "Deletes a lease, and with it all entries and attachments that name it, whoever their owners are: one change under one revision, as when its time is over. The answer comes when the kernel has none of them; more than 1,000 entries are deleted in slices, and other writes go on meanwhile. The call names the owner of the lease, unless it is forced.",
        [InvalidArgument, LeaseNotFound, OwnedByOther, RevisionMismatch, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown]);

    /// <summary>Keeps a lease alive.</summary>
    public static Operation KeepAlive { get; } = new(
        "keepAlive", Verb.Act, "leases", Role.Operator, "POST " + Lease + ":keepAlive", "LeaseService/KeepAlive",
        "Keep a lease alive",
        "Gives a lease its full time again. A lease whose time is over cannot be kept alive. The call changes and stores nothing, and waits for no write. Call it after a third of the time.",
        [InvalidArgument, LeaseNotFound])
    {
        GrpcStream = "LeaseService/KeepAliveStream",
    };

    /// <summary>Lists tokens.</summary>
    public static Operation ListTokens { get; } = new(
        "listTokens", Verb.List, "tokens", Role.Admin, "GET /v1/tokens", "TokenService/ListTokens",
        "List tokens",
        "Lists all tokens in order of their names, without their secrets.",
        [InvalidArgument]);

    /// <summary>Returns one token.</summary>
    public static Operation GetToken { get; } = new(
        "getToken", Verb.Get, "tokens", Role.Admin, "GET " + Token, "TokenService/GetToken",
        "Read a token",
        "Returns one token, without its secret.",
        [InvalidArgument, TokenNotFound]);

    /// <summary>Creates a token.</summary>
    public static Operation CreateToken { get; } = new(
        "createToken", Verb.Create, "tokens", Role.Admin, "POST /v1/tokens", "TokenService/CreateToken",
        "Create a token",
        "Creates a token and returns its secret, which is shown this once. The daemon keeps only the SHA-256 of it. A token never changes: delete it and create another.",
        [InvalidArgument, AlreadyExists, WriterBusy, StoreUnavailable, ShuttingDown]);

    /// <summary>Deletes a token.</summary>
    public static Operation DeleteToken { get; } = new(
        "deleteToken", Verb.Delete, "tokens", Role.Admin, "DELETE " + Token, "TokenService/DeleteToken",
        "Delete a token",
        "Deletes a token. Requests that carry it are refused from then on.",
        [InvalidArgument, TokenNotFound, RevisionMismatch, WriterBusy, StoreUnavailable, ShuttingDown]);

    /// <summary>Lists changes.</summary>
    public static Operation ListChanges { get; } = new(
        "listChanges", Verb.List, "changes", Role.Viewer, "GET /v1/changes", "ChangeService/ListChanges",
        "List changes",
        "Lists the changes of the desired state that are kept, page by page: who has changed what, when, and the desired state before and after. Only administrators see changes of tokens. A page may have fewer changes than requested, even none, and yet not be the last.",
        [InvalidArgument, RevisionCompacted, StoreUnavailable]);

    /// <summary>Undoes a change.</summary>
    public static Operation RevertChange { get; } = new(
        "revertChange", Verb.Act, "changes", Role.Operator, "POST /v1/changes/{revision}:revert", "ChangeService/RevertChange",
        "Undo a change",
        "Brings every resource that changed under the revision back to the desired state before, by a new change: all of them, or none. If others have changed one of these resources since, the call is refused, and the error names them, unless it is forced. Resources that are as they were already stay. Interfaces may be missing; the resources are then Pending. Changes of attachments and egress programs need the role admin. Changes of leases and tokens cannot be undone, and those of devmaps are `not_supported`. A dry run answers with the plan.",
        [InvalidArgument, PermissionDenied, DevmapNotFound, ProgramNotFound, LeaseNotFound, InterfaceNotFound, EgressProgramConflict, KeyConflict, AttachConflict, ProgramInUse, InterfaceUnsuitable, RevisionCompacted, DevmapFull, RevisionMismatch, NotSupported, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown])
    {
        WritesMany = true,
    };

    /// <summary>Restores the state of a revision.</summary>
    public static Operation RevertState { get; } = new(
        "revertState", Verb.Act, "changes", Role.Operator, "POST /v1/state:revert", "ChangeService/RevertState",
        "Restore the state of a revision",
        "Brings all entries, attachments and egress programs back to the desired state of a revision, by a new change: all of them, or none. If more than 1,000 entries change, the kernel follows in slices, and attachments and the deletion of egress programs are a second change after it. Interfaces may be missing; the resources are then Pending. If attachments or egress programs have changed since the revision, the call needs the role admin. Devmaps, leases and tokens stay; a resource that had a lease needs one of that name. If a devmap was deleted since the revision, the call is `not_supported`. A dry run answers with the plan.",
        [InvalidArgument, PermissionDenied, DevmapNotFound, ProgramNotFound, LeaseNotFound, EgressProgramConflict, KeyConflict, AttachConflict, ProgramInUse, InterfaceUnsuitable, RevisionCompacted, DevmapFull, NotSupported, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown])
    {
        WritesMany = true,
    };

    /// <summary>Exports the state.</summary>
    public static Operation ExportState { get; } = new(
        "exportState", Verb.Get, "state", Role.Viewer, "GET /v1/state:export", "StateService/ExportState",
        "Export the desired state",
        "Returns the whole desired state as one document: devmaps, egress programs, leases, attachments and entries, without tokens. All of it is of one moment.",
        [InvalidArgument]);

    /// <summary>Applies a state.</summary>
    public static Operation ApplyState { get; } = new(
        "applyState", Verb.Act, "state", Role.Admin, "PUT /v1/state", "StateService/ApplyState",
        "Make the desired state that of a document",
        "Makes the whole desired state that of the document: creates what is missing, changes what differs, and deletes what the document does not have, whoever the owners are. Devmaps of the configuration stay, and tokens too. The parts happen one after the other: attachments that go, devmaps, egress programs, leases, the entries of each devmap as one change, attachments, and last the leases, egress programs and devmaps that go. If one is refused, those before it stay, and the same call goes on after them. Interfaces may be missing; the resources are then Pending. A call that would delete more than ten resources and a twentieth of all is refused unless it allows so many deletions. A dry run answers with the plan.",
        [InvalidArgument, DevmapNotFound, ProgramNotFound, LeaseNotFound, EgressProgramConflict, KeyConflict, AttachConflict, ProgramInUse, DevmapReadOnly, TooManyDeletions, InterfaceUnsuitable, NotSupported, TooManyDevmaps, DevmapFull, ConfirmationPending, WriterBusy, KernelFailure, StoreUnavailable, ShuttingDown])
    {
        WritesMany = true,
        MaxRequestBytes = 64 * 1024 * 1024,
    };

    /// <summary>Returns the host.</summary>
    public static Operation GetHost { get; } = new(
        "getHost", Verb.Get, "host", Role.Viewer, "GET /v1/host", "HostService/GetHost",
        "Read the host",
        "Returns versions and probed kernel features.",
        [InvalidArgument]);

    /// <summary>All operations.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        ListDevmaps, GetDevmap, PutDevmap, DeleteDevmap, GetDevmapShape, AuditDevmap, ExplainFrame, ExplainEntry, WatchDevmap, WatchDevmaps,
        ListEntries, ListCounters, GetEntry, PutEntry, DeleteEntry, ApplyEntries, ReplaceEntries, ConfirmEntries, CancelEntries, WaitEntries, ProbeEntry,
        ListAttachments, GetAttachment, PutAttachment, DeleteAttachment,
        ListPrograms, GetProgram, PutProgram, DeleteProgram,
        ListInterfaces, GetInterface, SetEgressProgram,
        ListLeases, GetLease, PutLease, DeleteLease, KeepAlive,
        ListTokens, GetToken, CreateToken, DeleteToken, ListChanges, RevertChange, RevertState, ExportState, ApplyState, GetHost,
    ];
}
