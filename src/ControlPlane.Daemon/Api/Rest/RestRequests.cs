using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Reading;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Security;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>Declares the endpoints of operations, and builds the <see cref="RequestContext"/> of their requests.</summary>
internal static class RestRequests
{
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps the operation. A read answers HEAD too, a stream does not, because it would not end.</summary>
    public static RouteHandlerBuilder Map(this IEndpointRouteBuilder routes, Operation operation, Delegate handler)
    {
        var methods = operation.RestMethod == HttpMethods.Get && operation.Verb != Verb.Watch ? ReadMethods : [operation.RestMethod];
        var endpoint = routes.MapMethods(operation.RestPath, methods, handler).WithName(operation.Id).WithMetadata(operation);
        if (operation.ReadsManyEntries)
            endpoint.AddEndpointFilter(EnterGateAsync);
        endpoint.AddEndpointFilterFactory(static (_, next) => Filter(next));
        endpoint.Finally(builder =>
            builder.Metadata.Add(QueryParameters.Of(handler.Method, ((RouteEndpointBuilder)builder).RoutePattern)));
        return endpoint;
    }

    /// <summary>Returns the context of a request, with what is wrong with its query and headers.</summary>
    public static RequestContext Of(HttpContext http)
    {
        if (http.Features.Get<RequestContext>() is { } known)
            return known;
        var violations = new Violations();
        var metadata = http.GetEndpoint()!.Metadata;
        metadata.GetRequiredMetadata<QueryParameters>().Check(http.Request, violations);
        var precondition = metadata.GetRequiredMetadata<Operation>().HasPrecondition ? Preconditions.Read(http.Request.Headers, violations) : default;
        var context = new RequestContext(http.Caller(), RequestIdentity.Of(http).RequestId, precondition, violations, http.RequestAborted);
        http.Features.Set(context);
        return context;
    }

    // The result is written after this: a client that reads slowly holds no place.
    private static async ValueTask<object?> EnterGateAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        using var place = await http.RequestServices.GetRequiredService<PageGate>().EnterAsync(http.Caller().Account, http.RequestAborted);
        return await next(context);
    }

    // The framework answers 400 to a parameter that it cannot bind. Here such a parameter is one of the violations; the operation runs all
    // the same, adds its own and throws all of them at once.
    private static EndpointFilterDelegate Filter(EndpointFilterDelegate next) => context =>
    {
        var http = context.HttpContext;
        Of(http);
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.GetEndpoint()!.Metadata.GetRequiredMetadata<QueryParameters>().BindWords(http.Request.Query, context.Arguments);
        return next(context);
    };
}
