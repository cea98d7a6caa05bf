namespace ControlPlane.Client;

/// <summary>The codes of the error catalogue, as <see cref="DevmapdException.Code"/> has them. The daemon has a page for each at <c>/errors/CODE</c>.</summary>
public static class DevmapdErrors
{
    /// <summary>A field of the request is wrong; all wrong fields are named.</summary>
    public const string InvalidArgument = "invalid_argument";

    /// <summary>No such devmap.</summary>
    public const string DevmapNotFound = "devmap_not_found";

    /// <summary>No such entry in the devmap.</summary>
    public const string EntryNotFound = "entry_not_found";

    /// <summary>No such egress program.</summary>
    public const string ProgramNotFound = "program_not_found";

    /// <summary>The devmap's redirect program does not run on that interface.</summary>
    public const string AttachmentNotFound = "attachment_not_found";

    /// <summary>No such lease, or its time is over.</summary>
    public const string LeaseNotFound = "lease_not_found";

    /// <summary>The resource is there already, and the caller asked for it not to be.</summary>
    public const string AlreadyExists = "already_exists";

    /// <summary>The resource is at another revision than the caller expects.</summary>
    public const string RevisionMismatch = "revision_mismatch";

    /// <summary>The changes since that revision are no longer kept; a new snapshot is needed.</summary>
    public const string RevisionCompacted = "revision_compacted";

    /// <summary>The store cannot take the change now; nothing was changed.</summary>
    public const string StoreUnavailable = "store_unavailable";

    /// <summary>The egress program differs from what another entry for the same device carries.</summary>
    public const string EgressProgramConflict = "egress_program_conflict";

    /// <summary>Another entry comes to the same kernel key.</summary>
    public const string KeyConflict = "key_conflict";

    /// <summary>Another XDP program holds the interface.</summary>
    public const string AttachConflict = "attach_conflict";

    /// <summary>The egress program is carried by entries.</summary>
    public const string ProgramInUse = "program_in_use";

    /// <summary>The host has no interface of that name.</summary>
    public const string InterfaceNotFound = "interface_not_found";

    /// <summary>The interface exists and cannot do what was asked of it.</summary>
    public const string InterfaceUnsuitable = "interface_unsuitable";

    /// <summary>The writer's queue is full; try again later.</summary>
    public const string WriterBusy = "writer_busy";

    /// <summary>Too many connections are open; try again later.</summary>
    public const string TooManyConnections = "too_many_connections";

    /// <summary>Too many streams are open; end one, or try again later.</summary>
    public const string TooManyStreams = "too_many_streams";

    /// <summary>The kernel refused for a reason that no check had foreseen; errno says which.</summary>
    public const string KernelFailure = "kernel_failure";

    /// <summary>This kernel or this devmap cannot do it; the detail names what would.</summary>
    public const string NotSupported = "not_supported";

    /// <summary>The daemon is stopping and takes no more writes.</summary>
    public const string ShuttingDown = "shutting_down";

    /// <summary>The devmap holds its maximum of entries.</summary>
    public const string DevmapFull = "devmap_full";

    /// <summary>The devmap is attached to interfaces.</summary>
    public const string DevmapInUse = "devmap_in_use";

    /// <summary>The devmap is declared in the configuration.</summary>
    public const string DevmapReadOnly = "devmap_read_only";

    /// <summary>The host has as many devmaps as it can have.</summary>
    public const string TooManyDevmaps = "too_many_devmaps";

    /// <summary>A table of the devmap waits for its confirmation; no other write to the devmap happens until then.</summary>
    public const string ConfirmationPending = "confirmation_pending";

    /// <summary>No table of the devmap waits for its confirmation.</summary>
    public const string ConfirmationNotFound = "confirmation_not_found";

    /// <summary>No such token.</summary>
    public const string TokenNotFound = "token_not_found";

    /// <summary>The caller has not shown who it is.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>The caller must not do this: it lacks the role, a limit of its token forbids it, or a web page of another origin asks.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>The request is larger than the daemon reads.</summary>
    public const string RequestTooLarge = "request_too_large";

    /// <summary>The key marks another call of this caller already.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>The write would change or delete a resource of another owner.</summary>
    public const string OwnedByOther = "owned_by_other";

    /// <summary>The write of a table would delete more entries than it may.</summary>
    public const string TooManyDeletions = "too_many_deletions";

    /// <summary>The daemon failed; its log has the exception under the id of the request.</summary>
    public const string InternalError = "internal_error";

    /// <summary>Whether the call met another state than it expected: another revision, another owner, or a resource that exists already.</summary>
    public static bool IsConflict(string? code) => code is AlreadyExists or RevisionMismatch or EgressProgramConflict or KeyConflict or AttachConflict
        or ProgramInUse or OwnedByOther or TooManyDeletions or IdempotencyKeyReused;
}
