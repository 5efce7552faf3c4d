// Mono's compiler knows no asynchronous entry point; this one calls that of the example, which stays as it is.
using System.Reflection;
using System.Threading.Tasks;
class Entry
{
    static void Main(string[] args)
    {
        var main = typeof(Program).GetMethod("Main", BindingFlags.NonPublic | BindingFlags.Static);
        ((Task)main.Invoke(null, new object[] { args })).Wait();
    }
}
