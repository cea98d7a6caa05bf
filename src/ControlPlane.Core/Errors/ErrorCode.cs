namespace ControlPlane.Core.Errors;

/// <summary>
/// Every way a request can fail, one value per code of the catalogue. Both faces render these and nothing else;
/// <see cref="ErrorCodes"/> gives the text form that clients compare.
/// </summary>
public enum ErrorCode
{
    /// <summary>A field of the request is wrong; all wrong fields are named.</summary>
    InvalidArgument,

    /// <summary>No such devmap.</summary>
    DevmapNotFound,

    /// <summary>No such entry in the devmap.</summary>
    EntryNotFound,

    /// <summary>No such egress program.</summary>
    ProgramNotFound,

    /// <summary>The devmap's redirect program does not run on that interface.</summary>
    AttachmentNotFound,

    /// <summary>No such lease, or its time is over.</summary>
    LeaseNotFound,

    /// <summary>The resource is there already, and the caller asked for it not to be.</summary>
    AlreadyExists,

    /// <summary>The resource is at another revision than the caller expects.</summary>
    RevisionMismatch,

    /// <summary>The changes since that revision are no longer kept; a new snapshot is needed.</summary>
    RevisionCompacted,

    /// <summary>The egress program differs from what another entry for the same device carries.</summary>
    EgressProgramConflict,

    /// <summary>Another entry comes to the same kernel key.</summary>
    KeyConflict,

    /// <summary>Another XDP program holds the interface.</summary>
    AttachConflict,

    /// <summary>The egress program is carried by entries.</summary>
    ProgramInUse,

    /// <summary>The host has no interface of that name.</summary>
    InterfaceNotFound,

    /// <summary>The interface exists and cannot do what was asked of it.</summary>
    InterfaceUnsuitable,

    /// <summary>The writer's queue is full; try again later.</summary>
    WriterBusy,

    /// <summary>Too many connections are open; try again later.</summary>
    TooManyConnections,

    /// <summary>Too many streams are open; end one, or try again later.</summary>
    TooManyStreams,

    /// <summary>The kernel refused for a reason that no check had foreseen; errno says which.</summary>
    KernelFailure,

    /// <summary>This kernel or this devmap cannot do it; the detail names what would.</summary>
    NotSupported,

    /// <summary>The store cannot take the change now; nothing was changed.</summary>
    StoreUnavailable,

    /// <summary>The daemon is stopping and takes no more writes.</summary>
    ShuttingDown,

    /// <summary>The devmap holds its maximum of entries.</summary>
    DevmapFull,

    /// <summary>No such token.</summary>
    TokenNotFound,

    /// <summary>The caller has not shown who it is.</summary>
    Unauthenticated,

    /// <summary>The caller must not do this: it lacks the role, a limit of its token forbids it, or a web page of another origin asks.</summary>
    PermissionDenied,

    /// <summary>The API has nothing at this path.</summary>
    PathNotFound,

    /// <summary>The path exists and does not take this method.</summary>
    MethodNotAllowed,

    /// <summary>The body has a media type or an encoding that the operation does not read.</summary>
    UnsupportedMediaType,

    /// <summary>The request is larger than the daemon reads.</summary>
    RequestTooLarge,

    /// <summary>The key marks another call of this caller already.</summary>
    IdempotencyKeyReused,

    /// <summary>The write would change or delete a resource of another owner.</summary>
    OwnedByOther,

    /// <summary>The write of a table would delete more entries than it may.</summary>
    TooManyDeletions,

    /// <summary>The devmap is attached to interfaces.</summary>
    DevmapInUse,

    /// <summary>The devmap is declared in the configuration, and the API cannot change it.</summary>
    DevmapReadOnly,

    /// <summary>There are as many devmaps as there can be.</summary>
    TooManyDevmaps,

    /// <summary>A table of the devmap waits for its confirmation; no other write to the devmap happens until then.</summary>
    ConfirmationPending,

    /// <summary>No table of the devmap waits for its confirmation.</summary>
    ConfirmationNotFound,

    /// <summary>The daemon failed; its log has the exception under the id of the request.</summary>
    InternalError,
}

/// <summary>The text form and the title of each <see cref="ErrorCode"/>: the part of the catalogue that REST and gRPC share.</summary>
public static class ErrorCodes
{
    /// <summary>The stable code that clients compare, for instance <c>devmap_full</c>.</summary>
    public static string Text(this ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => "invalid_argument",
        ErrorCode.DevmapNotFound => "devmap_not_found",
        ErrorCode.EntryNotFound => "entry_not_found",
        ErrorCode.ProgramNotFound => "program_not_found",
        ErrorCode.AttachmentNotFound => "attachment_not_found",
        ErrorCode.LeaseNotFound => "lease_not_found",
        ErrorCode.AlreadyExists => "already_exists",
        ErrorCode.RevisionMismatch => "revision_mismatch",
        ErrorCode.RevisionCompacted => "revision_compacted",
        ErrorCode.StoreUnavailable => "store_unavailable",
        ErrorCode.EgressProgramConflict => "egress_program_conflict",
        ErrorCode.KeyConflict => "key_conflict",
        ErrorCode.AttachConflict => "attach_conflict",
        ErrorCode.ProgramInUse => "program_in_use",
        ErrorCode.InterfaceNotFound => "interface_not_found",
        ErrorCode.InterfaceUnsuitable => "interface_unsuitable",
        ErrorCode.WriterBusy => "writer_busy",
        ErrorCode.TooManyConnections => "too_many_connections",
        ErrorCode.TooManyStreams => "too_many_streams",
        ErrorCode.KernelFailure => "kernel_failure",
        ErrorCode.NotSupported => "not_supported",
        ErrorCode.ShuttingDown => "shutting_down",
        ErrorCode.DevmapFull => "devmap_full",
        ErrorCode.TokenNotFound => "token_not_found",
        ErrorCode.Unauthenticated => "unauthenticated",
        ErrorCode.PermissionDenied => "permission_denied",
        ErrorCode.PathNotFound => "path_not_found",
        ErrorCode.MethodNotAllowed => "method_not_allowed",
        ErrorCode.UnsupportedMediaType => "unsupported_media_type",
        ErrorCode.RequestTooLarge => "request_too_large",
        ErrorCode.IdempotencyKeyReused => "idempotency_key_reused",
        ErrorCode.OwnedByOther => "owned_by_other",
        ErrorCode.TooManyDeletions => "too_many_deletions",
        ErrorCode.DevmapInUse => "devmap_in_use",
        ErrorCode.DevmapReadOnly => "devmap_read_only",
        ErrorCode.TooManyDevmaps => "too_many_devmaps",
        ErrorCode.ConfirmationPending => "confirmation_pending",
        ErrorCode.ConfirmationNotFound => "confirmation_not_found",
        ErrorCode.InternalError => "internal_error",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not in the catalogue"),
    };

    /// <summary>Whether the same request can succeed later; the answer says after how long to try again.</summary>
    public static bool IsTemporary(this ErrorCode code) =>
        code is ErrorCode.WriterBusy or ErrorCode.StoreUnavailable or ErrorCode.TooManyConnections or ErrorCode.TooManyStreams or ErrorCode.ConfirmationPending;

    /// <summary>A short sentence that is the same for every occurrence of the code (RFC 9457 <c>title</c>).</summary>
    public static string Title(this ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => "The request has invalid fields.",
        ErrorCode.DevmapNotFound => "There is no such devmap.",
        ErrorCode.EntryNotFound => "There is no such entry.",
        ErrorCode.ProgramNotFound => "There is no such egress program.",
        ErrorCode.AttachmentNotFound => "The redirect program is not attached to that interface.",
        ErrorCode.LeaseNotFound => "There is no such lease.",
        ErrorCode.AlreadyExists => "The resource exists already.",
        ErrorCode.RevisionMismatch => "The resource has another revision.",
        ErrorCode.RevisionCompacted => "The changes since that revision are no longer kept.",
        ErrorCode.StoreUnavailable => "The store cannot be written.",
        ErrorCode.EgressProgramConflict => "All entries for one device must carry the same egress program.",
        ErrorCode.KeyConflict => "Another entry has the same kernel key.",
        ErrorCode.AttachConflict => "Another XDP program holds the interface.",
        ErrorCode.ProgramInUse => "The egress program is carried by entries.",
        ErrorCode.InterfaceNotFound => "There is no such interface.",
        ErrorCode.InterfaceUnsuitable => "The interface cannot do this.",
        ErrorCode.WriterBusy => "The writer's queue is full.",
        ErrorCode.TooManyConnections => "Too many connections are open.",
        ErrorCode.TooManyStreams => "Too many streams are open.",
        ErrorCode.KernelFailure => "The kernel refused.",
        ErrorCode.NotSupported => "This is not supported here.",
        ErrorCode.ShuttingDown => "The daemon is shutting down.",
        ErrorCode.DevmapFull => "The devmap is full.",
        ErrorCode.TokenNotFound => "There is no such token.",
        ErrorCode.Unauthenticated => "The caller has not shown who it is.",
        ErrorCode.PermissionDenied => "The caller must not do this.",
        ErrorCode.PathNotFound => "There is nothing at this path.",
        ErrorCode.MethodNotAllowed => "The path does not take this method.",
        ErrorCode.UnsupportedMediaType => "The body has a media type or an encoding that is not supported.",
        ErrorCode.RequestTooLarge => "The request is too large.",
        ErrorCode.IdempotencyKeyReused => "The key marks another call.",
        ErrorCode.OwnedByOther => "The resource belongs to another owner.",
        ErrorCode.TooManyDeletions => "The write would delete too many entries.",
        ErrorCode.DevmapInUse => "The devmap is attached to interfaces.",
        ErrorCode.DevmapReadOnly => "The devmap is declared in the configuration.",
        ErrorCode.TooManyDevmaps => "There are as many devmaps as there can be.",
        ErrorCode.ConfirmationPending => "A table waits for its confirmation.",
        ErrorCode.ConfirmationNotFound => "No table waits for its confirmation.",
        ErrorCode.InternalError => "The daemon failed.",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not in the catalogue"),
    };
}
