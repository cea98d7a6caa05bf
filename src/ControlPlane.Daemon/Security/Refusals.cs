using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Security;

/// <summary>
/// Refusals of requests that have not begun. They throw no exception: an overload consists of refusals, and each must cost less than the work that it
/// keeps away.
/// </summary>
internal static class Refusals
{
    /// <summary>Refuses the request. The API of the request renders the error.</summary>
    public static Task Refuse(this HttpContext http, Error error)
    {
        http.Features.Set(error);
        return Task.CompletedTask;
    }

    /// <summary>Takes the error that the request was refused with; null if it was not, or if the error was taken before.</summary>
    public static Error? TakeRefusal(this HttpContext http)
    {
        if (http.Features.Get<Error>() is not { } error)
            return null;
        http.Features.Set<Error>(null);
        return error;
    }
}
