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

    /// <summary>The caller must not do this: a foreign host name, or a web page of another origin.</summary>
    PermissionDenied,

    /// <summary>The API has nothing at this path.</summary>
    PathNotFound,

    /// <summary>The path exists and does not take this method.</summary>
    MethodNotAllowed,

    /// <summary>The body has a media type or an encoding that the operation does not read.</summary>
    UnsupportedMediaType,

    /// <summary>The request is larger than the daemon reads.</summary>
    RequestTooLarge,

    /// <summary>The daemon failed; its log has the exception under the id of the request.</summary>
    InternalError,
}
