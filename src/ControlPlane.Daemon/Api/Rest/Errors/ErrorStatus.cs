using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>The HTTP status of each code: the part of the catalogue that belongs to REST.</summary>
internal static class ErrorStatus
{
    /// <summary>
    /// Returns the status of an error. An interface that does not exist is 404 when the request addresses it; a resource that exists is 409
    /// when the request is to create it.
    /// </summary>
    public static int Http(this Error error) => error switch
    {
        { Code: ErrorCode.InterfaceNotFound, IsAddressed: true } => StatusCodes.Status404NotFound,
        { Code: ErrorCode.AlreadyExists, IsAddressed: true } => StatusCodes.Status409Conflict,
        _ => error.Code.Http(),
    };

    /// <summary>Returns the status of a code.</summary>
    public static int Http(this ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => StatusCodes.Status400BadRequest,
        ErrorCode.DevmapNotFound or ErrorCode.EntryNotFound or ErrorCode.ProgramNotFound or ErrorCode.AttachmentNotFound
            or ErrorCode.LeaseNotFound or ErrorCode.TokenNotFound or ErrorCode.ConfirmationNotFound => StatusCodes.Status404NotFound,
        ErrorCode.EgressProgramConflict or ErrorCode.KeyConflict or ErrorCode.AttachConflict or ErrorCode.ProgramInUse
            or ErrorCode.OwnedByOther or ErrorCode.TooManyDeletions or ErrorCode.ConfirmationPending or ErrorCode.DevmapInUse or ErrorCode.DevmapReadOnly =>
            StatusCodes.Status409Conflict,
        ErrorCode.RevisionCompacted => StatusCodes.Status410Gone,
        // A precondition that fails is 412; If-None-Match is one.
        ErrorCode.AlreadyExists or ErrorCode.RevisionMismatch => StatusCodes.Status412PreconditionFailed,
        ErrorCode.InterfaceNotFound or ErrorCode.InterfaceUnsuitable or ErrorCode.IdempotencyKeyReused => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.WriterBusy or ErrorCode.TooManyConnections or ErrorCode.TooManyStreams => StatusCodes.Status429TooManyRequests,
        ErrorCode.KernelFailure => StatusCodes.Status500InternalServerError,
        ErrorCode.NotSupported => StatusCodes.Status501NotImplemented,
        ErrorCode.ShuttingDown or ErrorCode.StoreUnavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.DevmapFull or ErrorCode.TooManyDevmaps => StatusCodes.Status507InsufficientStorage,
        ErrorCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorCode.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorCode.PathNotFound => StatusCodes.Status404NotFound,
        ErrorCode.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        ErrorCode.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        ErrorCode.RequestTooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.InternalError => StatusCodes.Status500InternalServerError,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not in the catalogue"),
    };
}
