using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of tokens.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListTokens, List);
        routes.Map(Operations.GetToken, Get);
        routes.Map(Operations.CreateToken, CreateAsync);
        routes.Map(Operations.DeleteToken, DeleteAsync);
    }

    private static Answer<TokenList> List(RequestContext request, TokenService tokens) => new(new TokenList(tokens.List(request)));

    private static Answer<Token> Get(string token, RequestContext request, TokenService tokens)
    {
        var found = tokens.Get(token, request);
        return new(found, found.Revision);
    }

    private static async Task<CreateAnswer<CreatedToken>> CreateAsync(Body<TokenRequest> asked, RequestContext request, TokenService tokens)
    {
        var created = await tokens.CreateAsync(asked.Value, request);
        return new(created, created.Token.Revision, "tokens", created.Token.Name);
    }

    private static async Task<NoContent> DeleteAsync(string token, RequestContext request, TokenService tokens)
    {
        await tokens.DeleteAsync(token, request);
        return TypedResults.NoContent();
    }
}
